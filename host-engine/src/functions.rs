//! Host functions: the functions of the embedder that guests can import.

use std::{fmt, sync::Arc, time::Instant};

use wasmtime_48::{Caller, Linker, Result};

use crate::{
    ending::{BoxError, OutOfMemory, Stop},
    kernel,
    state::State,
};

/// The default namespace of host functions in every PDK.
pub const DEFAULT_NAMESPACE: &str = "extism:host/user";

type Body<T> = dyn Fn(&mut HostCall<'_, T>) -> Result<(), BoxError> + Send + Sync;

/// The host functions that a guest can import. `T` is the type of an instance's data.
///
/// A guest imports a function as `(i64) -> i64`: it passes the handle of its request and gets the handle of the
/// response. A guest without a request imports it as `() -> i64`.
///
/// ```
/// use hostfn_engine::HostFunctions;
///
/// let mut functions = HostFunctions::<u32>::new();
/// functions.add("extism:host/user", "shout", |call| {
///     *call.data_mut() += 1;
///     let text = call.request().ok_or("the request is no block")?.to_ascii_uppercase();
///     call.respond(&text)?;
///     Ok(())
/// });
/// ```
pub struct HostFunctions<T: Send + 'static> {
    all: Vec<HostFunction<T>>,
}

pub(crate) struct HostFunction<T: Send + 'static> {
    pub(crate) namespace: String,
    pub(crate) name: String,
    body: Arc<Body<T>>,
}

impl<T: Send + 'static> HostFunctions<T> {
    /// Creates an empty set.
    pub fn new() -> Self {
        Self { all: Vec::new() }
    }

    /// Adds a function, or replaces the one of the same namespace and name. Extism's own namespace and WASI's are the
    /// engine's: guests never import a host function from them.
    ///
    /// An error ends the guest's call with [`Ending::HostFunction`](crate::Ending::HostFunction). If the guest should
    /// handle it, respond with it instead. A panic unwinds to the caller of [`Instance::call`](crate::Instance::call),
    /// and the next call starts the guest again.
    pub fn add(
        &mut self,
        namespace: &str,
        name: &str,
        body: impl Fn(&mut HostCall<'_, T>) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> &mut Self {
        self.all.retain(|function| function.namespace != namespace || function.name != name);
        self.all.push(HostFunction { namespace: namespace.to_owned(), name: name.to_owned(), body: Arc::new(body) });
        self
    }

    pub(crate) fn find(&self, namespace: &str, name: &str) -> Option<&HostFunction<T>> {
        self.all.iter().find(|function| function.namespace == namespace && function.name == name)
    }

    /// The namespace of a function of this name.
    pub(crate) fn namespace_of(&self, name: &str) -> Option<&str> {
        self.all.iter().find(|function| function.name == name).map(|function| &*function.namespace)
    }
}

impl<T: Send + 'static> Default for HostFunctions<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Send + 'static> Clone for HostFunctions<T> {
    fn clone(&self) -> Self {
        let all = self.all.iter().map(|HostFunction { namespace, name, body }| HostFunction {
            namespace: namespace.clone(),
            name: name.clone(),
            body: body.clone(),
        });
        Self { all: all.collect() }
    }
}

impl<T: Send + 'static> fmt::Debug for HostFunctions<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all.iter().map(|function| (&function.namespace, &function.name))).finish()
    }
}

impl<T: Send + 'static> HostFunction<T> {
    /// Adds the function to a linker under this name, with a request or without one.
    pub(crate) fn link(&self, linker: &mut Linker<State<T>>, as_name: &str, with_request: bool) -> Result<()> {
        let body = self.body.clone();
        let label = format!("{} {}", self.namespace, self.name);
        if with_request {
            linker.func_wrap(&self.namespace, as_name, move |caller: Caller<'_, State<T>>, handle: i64| {
                run(&*body, &label, caller, handle as u64)
            })?;
        } else {
            linker.func_wrap(&self.namespace, as_name, move |caller: Caller<'_, State<T>>| {
                run(&*body, &label, caller, 0)
            })?;
        }
        Ok(())
    }
}

fn run<T: Send + 'static>(body: &Body<T>, label: &str, caller: Caller<'_, State<T>>, handle: u64) -> Result<i64> {
    // A start section may be an import, which is called even without fuel.
    if caller.data().data.is_none() {
        return Err(Stop::Loading.into());
    }
    let mut call = HostCall { caller, handle, response: 0 };
    body(&mut call).map_err(|error| Stop::of_host_function(label, error))?;
    Ok(call.response as i64)
}

/// A call of a host function.
pub struct HostCall<'a, T: Send + 'static> {
    caller: Caller<'a, State<T>>,
    handle: u64,
    response: u64,
}

impl<T: Send + 'static> HostCall<'_, T> {
    /// The request, in the guest's block. It is empty if the guest passes none, and `None` if the handle is invalid.
    pub fn request(&mut self) -> Option<&[u8]> {
        self.request_and_data().0
    }

    /// The request together with the instance's data.
    pub fn request_and_data(&mut self) -> (Option<&[u8]>, &mut T) {
        let (bytes, State { data, guest }) = kernel::bytes(&mut self.caller);
        (kernel::block(bytes, &guest.blocks, self.handle), data.as_mut().expect(IN_A_CALL))
    }

    /// The data of the instance.
    pub fn data(&self) -> &T {
        self.caller.data().data.as_ref().expect(IN_A_CALL)
    }

    /// The data of the instance, mutable.
    pub fn data_mut(&mut self) -> &mut T {
        self.caller.data_mut().data.as_mut().expect(IN_A_CALL)
    }

    /// Writes the response into a block for the guest. A second response replaces the first. A guest that gets no
    /// response gets the handle zero.
    ///
    /// # Errors
    /// Fails if the block does not fit into the guest's limits. Return the error.
    pub fn respond(&mut self, response: &[u8]) -> Result<(), OutOfMemory> {
        kernel::free(&mut self.caller, std::mem::take(&mut self.response));
        self.response = kernel::write(&mut self.caller, response).map_err(|_| OutOfMemory)?;
        Ok(())
    }

    /// Writes a response that is part of the instance's data, such as a buffer that is reused for each call. `response`
    /// is called twice.
    ///
    /// # Errors
    /// Fails if the block does not fit into the guest's limits. Return the error.
    ///
    /// # Panics
    /// Panics if the second response has another length.
    ///
    /// ```
    /// let mut functions = hostfn_engine::HostFunctions::<Vec<u8>>::new();
    /// functions.add("extism:host/user", "reverse", |call| {
    ///     let (request, buffer) = call.request_and_data();
    ///     buffer.clear();
    ///     buffer.extend(request.ok_or("the request is no block")?.iter().rev());
    ///     Ok(call.respond_from(|buffer| buffer)?)
    /// });
    /// ```
    pub fn respond_from(&mut self, response: impl Fn(&T) -> &[u8]) -> Result<(), OutOfMemory> {
        kernel::free(&mut self.caller, std::mem::take(&mut self.response));
        let length = response(self.data()).len();
        let handle = kernel::allocate(&mut self.caller, length as u64).map_err(|_| OutOfMemory)?;
        let (bytes, state) = kernel::bytes(&mut self.caller);
        if handle != 0 {
            let response = response(state.data.as_ref().expect(IN_A_CALL));
            assert_eq!(response.len(), length, "both calls return the same response");
            bytes[handle as usize..][..length].copy_from_slice(response);
        }
        self.response = handle;
        Ok(())
    }

    /// The deadline of the guest's call. The engine cannot interrupt a host function: check this before you wait.
    pub fn deadline(&self) -> Option<Instant> {
        self.caller.data().guest.deadline()
    }

    /// Whether the guest's call has exceeded its deadline or was cancelled.
    pub fn is_over(&self) -> bool {
        self.caller.data().guest.overdue().is_some()
    }

    /// How much fuel the guest has left.
    pub fn fuel_left(&self) -> u64 {
        self.caller.get_fuel().unwrap_or(0)
    }
}

const IN_A_CALL: &str = "it is there before a host function runs";

impl<T: Send + 'static> fmt::Debug for HostCall<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostCall")
            .field("handle", &self.handle)
            .field("response", &self.response)
            .finish_non_exhaustive()
    }
}
