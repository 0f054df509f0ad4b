use std::{
    any::{Any, TypeId},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use hostfn_contract::{EntropySource, HostConnection, HostError, HostFn, NoConnection};

use crate::{
    Clock, Database,
    db::{Access, Transaction},
    defence::{self, Defence},
    function::{AnyBound, HostFunction},
    instance::{Pool, Seat},
    intercept::{InterceptedCall, Interceptor, Step},
    limits::Limits,
    observe::Observer,
    plugin_options::PluginOptions,
};

/// What all plugins of one manager share. It does not change once it is built.
pub(crate) struct Host {
    /// Sorted by namespace and name.
    pub(crate) functions: Vec<Arc<dyn AnyBound>>,
    pub(crate) database: Option<Database>,
    pub(crate) clock: Clock,
    pub(crate) entropy: Arc<EntropySource>,
    /// Whether the database has the table of the answers of idempotent calls.
    pub(crate) keeps_answers: bool,
    /// Those of plugins that are loaded without any of their own.
    pub(crate) limits: Limits,
    /// Whether plugins are loaded with the adapter between them and the kernel.
    pub(crate) with_adapter: bool,
    /// How many instances there may be in the process.
    pub(crate) process_instances: usize,
    /// The instances of each plugin, so that idle ones can give way.
    pub(crate) pools: Mutex<Vec<Weak<Pool>>>,
    pub(crate) observers: Vec<Arc<dyn Observer>>,
    pub(crate) interceptor: Option<Arc<dyn Interceptor>>,
}

impl Host {
    /// The function that a guest imports by this namespace and name.
    pub(crate) fn function(&self, namespace: &str, name: &str) -> Option<&Arc<dyn AnyBound>> {
        let position =
            self.functions.binary_search_by_key(&(namespace, name), |function| function.description().import()).ok()?;
        Some(&self.functions[position])
    }

    pub(crate) fn descriptions(&self) -> impl Iterator<Item = &HostFunction> {
        self.functions.iter().map(|function| function.description())
    }

    /// Lends a function its connection, inside a transaction, or nothing where it takes none.
    pub(crate) fn begin<F: HostFn>(&self) -> Result<Lease, HostError> {
        if TypeId::of::<F::Connection>() == TypeId::of::<NoConnection>() {
            return Ok(Lease { transaction: None, none: NoConnection });
        }
        let access = if F::READ_ONLY { Access::Read } else { Access::Write };
        // A host without the database that a function needs is refused when it is built.
        let database = self.database.as_ref().ok_or_else(|| HostError::internal("the host has no database"))?;
        Ok(Lease { transaction: Some(database.begin(access)?), none: NoConnection })
    }

    /// Whether a plugin with these options is loaded beside the adapter.
    pub(crate) fn loads_with_adapter(&self, options: &PluginOptions) -> bool {
        self.with_adapter && options.with_adapter
    }

    /// Keeps sight of the instances of a plugin that was loaded.
    pub(crate) fn keep(&self, pool: &Arc<Pool>) {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(pool));
    }

    /// A place for one more instance in the process. When there is none, instances that are idle give way.
    pub(crate) fn seat(&self) -> Option<Seat> {
        loop {
            if let Some(seat) = Seat::take(self.process_instances) {
                return Some(seat);
            }
            let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
            pools.retain(|pool| pool.strong_count() > 0);
            let idle = pools.iter().filter_map(Weak::upgrade).find_map(|pool| pool.take_idle());
            drop(pools);
            // Dropped here, where nobody waits for the lock meanwhile.
            drop(idle?);
        }
    }

    /// Lets a test harness respond in place of the function, or fail a step of the call.
    pub(crate) fn intercept(&self, step: Step, call: &mut InterceptedCall<'_>) -> Result<(), HostError> {
        let Some(interceptor) = &self.interceptor else { return Ok(()) };
        match step {
            Step::Begin | Step::Commit if !call.function.connection().is_needed => Ok(()),
            _ => interceptor.intercept(step, call),
        }
    }

    /// Whether anybody watches host calls.
    pub(crate) fn is_observed(&self) -> bool {
        !self.observers.is_empty()
    }

    /// Shows something to each of those who watch.
    pub(crate) fn show(&self, show: impl Fn(&dyn Observer)) {
        for observer in &self.observers {
            if !defence::is_on(Defence::ContainPanics) {
                show(&**observer);
                continue;
            }
            // What is shown is done; who only watches must not end it.
            if catch_unwind(AssertUnwindSafe(|| show(&**observer))).is_err() {
                tracing::error!("an observer panicked");
            }
        }
    }
}

/// What a function holds of the database while it runs.
pub(crate) struct Lease {
    transaction: Option<Transaction>,
    none: NoConnection,
}

impl Lease {
    pub(crate) fn connection<C: HostConnection>(&mut self) -> Result<&mut C, HostError> {
        match &mut self.transaction {
            Some(transaction) => transaction.connection_as(),
            None => (&mut self.none as &mut dyn Any)
                .downcast_mut()
                .ok_or_else(|| HostError::internal("a connection was not begun")),
        }
    }

    pub(crate) fn commit(self) -> Result<(), HostError> {
        self.transaction.map_or(Ok(()), Transaction::commit)
    }
}
