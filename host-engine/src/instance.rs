//! An instance of a guest, and its calls.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Instant};

use wasmtime_48::{Func, Store, TypedFunc, Val};

use crate::{
    ending::{CallError, Ending},
    engine::{Place, TooManyInstances},
    kernel,
    linked::Linked,
    sources::{Clock, Entropy, Log},
    start,
    state::{CancelHandle, Guest, State, Surroundings},
};

/// Options of an instance.
#[derive(Clone, Default)]
#[must_use]
pub struct InstanceOptions {
    surroundings: Surroundings,
}

/// Options of a call.
///
/// ```
/// use std::time::{Duration, Instant};
/// use hostfn_engine::{CallOptions, CancelHandle};
///
/// let cancel = CancelHandle::new();
/// let deadline = Instant::now() + Duration::from_secs(30);
/// let options = CallOptions::new().fuel(20_000_000_000).deadline(deadline).cancel(&cancel);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct CallOptions {
    fuel: Option<u64>,
    deadline: Option<Instant>,
    cancel: Option<CancelHandle>,
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// The guest's output.
    pub bytes: Vec<u8>,
    /// How much fuel the call used, about one unit per instruction. The first call includes the start-up code.
    pub fuel_used: u64,
}

/// A guest that can be called, one call at a time.
///
/// The guest's memory and variables persist from one call to the next; blocks do not. After a call of `_start`, the
/// next call starts the guest again.
pub struct Instance<T: Send + 'static> {
    linked: Arc<Linked<T>>,
    surroundings: Surroundings,
    /// `None` only while it is being replaced.
    store: Option<Store<State<T>>>,
    main: Option<wasmtime_48::Instance>,
    /// The export that was called last.
    entry: Option<(String, Entry)>,
    /// The next call must start the guest again.
    is_over: bool,
    is_intact: bool,
    _place: Place,
}

#[derive(Clone)]
enum Entry {
    Code(TypedFunc<(), i32>),
    Nothing(TypedFunc<(), ()>),
    /// A function with a result of another type.
    Other(Func),
}

impl InstanceOptions {
    /// The operating system's clock and randomness, no log, no configuration.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the guest's clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.surroundings.clock = clock;
        self
    }

    /// Sets the guest's randomness.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.surroundings.entropy = entropy;
        self
    }

    /// Sets the guest's log.
    pub fn log(mut self, log: Arc<dyn Log>) -> Self {
        self.surroundings.log = log;
        self
    }

    /// Sets the guest's configuration, which it reads with `config_get`.
    pub fn config(mut self, config: Arc<BTreeMap<String, String>>) -> Self {
        self.surroundings.config = config;
        self
    }
}

impl fmt::Debug for InstanceOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be secrets.
        let keys: Vec<_> = self.surroundings.config.keys().collect();
        f.debug_struct("InstanceOptions").field("config", &keys).finish_non_exhaustive()
    }
}

impl CallOptions {
    /// No limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits the fuel, about one unit per instruction.
    pub fn fuel(mut self, fuel: u64) -> Self {
        self.fuel = Some(fuel);
        self
    }

    /// Sets the deadline. The guest is stopped within milliseconds after it.
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets a handle that can cancel the call.
    pub fn cancel(mut self, cancel: &CancelHandle) -> Self {
        self.cancel = Some(cancel.clone());
        self
    }
}

impl<T: Send + 'static> Instance<T> {
    pub(crate) fn new(linked: Arc<Linked<T>>, data: T, options: InstanceOptions) -> Result<Self, TooManyInstances> {
        let place = linked.engine.place()?;
        let surroundings = options.surroundings;
        let store = Some(store(&linked, data, surroundings.clone()));
        let (main, entry) = (None, None);
        Ok(Self { linked, surroundings, store, main, entry, is_over: false, is_intact: true, _place: place })
    }

    /// Calls an export. The first call also runs the guest's start-up code, within the same limits.
    ///
    /// # Errors
    /// Fails if the call ends without an output; [`CallError::ending`] says how.
    pub fn call(&mut self, export: &str, input: &[u8], options: &CallOptions) -> Result<Output, CallError> {
        if self.entry.as_ref().is_none_or(|(name, _)| name != export) {
            self.check(export)?;
        }
        let linked = self.linked.clone();
        let _running = linked.engine.ticker().run();
        if self.is_over {
            self.renew();
        }
        // This stays so if a host function panics.
        (self.is_over, self.is_intact) = (true, false);
        let fuel = options.fuel.unwrap_or(u64::MAX);
        let store = self.store_mut();
        store.set_fuel(fuel).expect("the engine counts fuel");
        store.set_epoch_deadline(1);
        store.data_mut().guest.begin(options.deadline, options.cancel.clone());
        let outcome = self.run(export, input);
        let store = self.store_mut();
        let fuel_used = fuel.saturating_sub(store.get_fuel().unwrap_or(0));
        store.data_mut().guest.finish_streams();
        let outcome = self.outcome(outcome, fuel_used);
        self.is_over = self.main.is_none() || export == "_start";
        self.is_intact = !self.is_over
            && match &outcome {
                Ok(_) => true,
                Err(error) => matches!(error.ending, Ending::GuestError { .. } | Ending::ReturnCode(_)),
            };
        outcome
    }

    /// Whether the last call returned. After a trap or an exceeded limit, an instance can be called again, as in
    /// Extism. But its memory may be inconsistent: prefer a new one.
    pub fn is_intact(&self) -> bool {
        self.is_intact
    }

    /// The data for the host functions.
    pub fn data(&self) -> &T {
        let store = self.store.as_ref().expect(ONE_STORE);
        store.data().data.as_ref().expect(HAS_DATA)
    }

    /// The data for the host functions, mutable.
    pub fn data_mut(&mut self) -> &mut T {
        self.store_mut().data_mut().data.as_mut().expect(HAS_DATA)
    }

    fn store_mut(&mut self) -> &mut Store<State<T>> {
        self.store.as_mut().expect(ONE_STORE)
    }

    fn check(&self, export: &str) -> Result<(), CallError> {
        let ending = match self.linked.exports.get(export) {
            Some(export) if export.is_callable => return Ok(()),
            Some(export) => Ending::NotCallable { signature: export.signature.clone() },
            None => Ending::NoSuchExport,
        };
        Err(CallError { ending, guest_error: None, fuel_used: 0 })
    }

    /// Replaces the store, with the same data.
    fn renew(&mut self) {
        (self.main, self.entry) = (None, None);
        let data = self.store.take().expect(ONE_STORE).into_data().data.expect(HAS_DATA);
        self.store = Some(store(&self.linked, data, self.surroundings.clone()));
    }

    /// The code that the export returned.
    fn run(&mut self, export: &str, input: &[u8]) -> wasmtime_48::Result<i32> {
        let store = self.store.as_mut().expect(ONE_STORE);
        if let Some(stop) = store.data().guest.overdue() {
            return Err(stop.into());
        }
        let main = match self.main {
            Some(main) => main,
            None => start::begin(&self.linked, store)?,
        };
        self.main = Some(main);
        kernel::reset(store);
        kernel::set_input(store, input)?;
        let entry = match &self.entry {
            Some((name, entry)) if name == export => entry.clone(),
            _ => {
                let function = main.get_func(&mut *store, export).expect("the module exports it");
                let entry = Entry::of(function, store);
                self.entry = Some((export.to_owned(), entry.clone()));
                entry
            }
        };
        entry.call(store)
    }

    fn outcome(&mut self, outcome: wasmtime_48::Result<i32>, fuel_used: u64) -> Result<Output, CallError> {
        let has_started = self.main.is_some();
        let store = self.store_mut();
        if store.data().guest.memory.is_none() {
            let ending = outcome.map_or_else(Ending::of, Ending::ReturnCode);
            return Err(CallError { ending, guest_error: None, fuel_used });
        }
        let (bytes, state) = kernel::bytes(store);
        let guest = &state.guest;
        let error = kernel::block(bytes, &guest.blocks, guest.error).filter(|error| !error.is_empty());
        let guest_error = error.map(|error| String::from_utf8_lossy(error).into_owned());
        let (ending, guest_error) = match (outcome.map_err(Ending::of), guest_error) {
            (Ok(0) | Err(Ending::Exit(0)), None) if has_started => {
                let output = kernel::part(bytes, guest.output.0, guest.output.1).unwrap_or_default();
                return Ok(Output { bytes: output.to_vec(), fuel_used });
            }
            (Ok(code), None) => (Ending::ReturnCode(code), None),
            (Ok(code), Some(message)) => (Ending::GuestError { message, code }, None),
            (Err(Ending::Exit(0)), Some(message)) if has_started => (Ending::GuestError { message, code: 0 }, None),
            (Err(ending), guest_error) => (ending, guest_error),
        };
        Err(CallError { ending, guest_error, fuel_used })
    }
}

const ONE_STORE: &str = "there is a store between calls";
const HAS_DATA: &str = "an instance has data";

fn store<T: Send + 'static>(linked: &Linked<T>, data: T, surroundings: Surroundings) -> Store<State<T>> {
    let guest = Guest::new(&linked.limits, surroundings);
    let mut store = Store::new(linked.engine.wasmtime(), State { data: Some(data), guest });
    start::prepare(&mut store);
    store
}

impl Entry {
    fn of<T: 'static>(function: Func, store: &Store<State<T>>) -> Self {
        if let Ok(function) = function.typed(store) {
            return Self::Code(function);
        }
        function.typed(store).map_or(Self::Other(function), Self::Nothing)
    }

    fn call<T: 'static>(&self, store: &mut Store<State<T>>) -> wasmtime_48::Result<i32> {
        match self {
            Self::Code(function) => function.call(store, ()),
            Self::Nothing(function) => function.call(store, ()).map(|()| 0),
            Self::Other(function) => {
                // In Extism, a result of another type is a failure.
                let mut result = [Val::I32(0)];
                function.call(store, &[], &mut result).map(|()| -1)
            }
        }
    }
}

impl<T: Send + 'static> fmt::Debug for Instance<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("is_intact", &self.is_intact).finish_non_exhaustive()
    }
}
