//! The guest's memory. This is the only file that touches [`extism::CurrentPlugin`].
//!
//! A guest that runs beside the adapter (see `adapter/mod.rs`) reaches the host through one block of the kernel's, the
//! scratch block: requests are copied into it and answers out of it. A guest in plain mode names blocks of its own by
//! their handles, which the kernel is asked about.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use extism::{CurrentPlugin, Function, UserData, Val, ValType, convert::MemoryHandle};
use hostfn_contract::HostError;

use crate::{
    codec::Answer,
    defence::{self, Defence},
    plugin_call::PluginCall,
};

/// An Extism handle: the offset of a block in the guest's memory. Zero is no block, and so empty.
type Handle = i64;

/// The request of a host call, where the guest left it.
pub(crate) trait Request {
    /// Its text, or nothing where the guest passes none. Its size is checked before it is looked at.
    fn read(&mut self, limit: usize) -> Result<&str, HostError>;
}

fn text(bytes: &[u8]) -> Result<&str, HostError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(_) if !defence::is_on(Defence::Utf8) => Ok("{}"),
        Err(_) => Err(HostError::invalid_request("the request is not UTF-8: encode it as JSON")),
    }
}

fn no_block() -> HostError {
    HostError::invalid_request("the handle names no block of memory: pass one that the PDK allocated")
}

fn too_long(length: usize, limit: usize) -> HostError {
    HostError::limit_exceeded(format!(
        "the request has {length} bytes and the host takes {limit}: send less, or allow more with `request_bytes`"
    ))
}

/// Bytes that a guest gives away with a call of a function of Extism's own.
#[derive(Default)]
pub(crate) enum Given {
    /// The handle zero.
    #[default]
    Nothing,
    /// A handle that names no block.
    NoBlock,
    /// A block.
    Bytes {
        bytes: Vec<u8>,
        /// Whether there were more than are read.
        is_cut: bool,
    },
}

impl Given {
    fn start_of(bytes: &[u8], most: usize) -> Self {
        Self::Bytes { bytes: bytes[..bytes.len().min(most)].to_vec(), is_cut: bytes.len() > most }
    }
}

/// A guest that called a function of Extism's own.
pub(crate) struct Guest<'a> {
    plugin: &'a mut CurrentPlugin,
}

impl Guest<'_> {
    /// The value that the plugin was loaded with for a key.
    pub(crate) fn config(&self, key: &str) -> Option<Vec<u8>> {
        self.plugin.manifest().config.get(key).map(|value| value.clone().into_bytes())
    }

    /// The guest's variables, which its instance keeps from one call to the next.
    pub(crate) fn variables(&mut self) -> &mut BTreeMap<String, Vec<u8>> {
        self.plugin.vars_mut()
    }

    /// Takes a block, the start of it where it is longer than `most`, and frees it.
    fn take(&mut self, handle: Handle, most: usize) -> Result<Given, extism::Error> {
        if handle == 0 {
            return Ok(Given::Nothing);
        }
        let Some(block) = self.plugin.memory_handle(handle as u64) else { return Ok(Given::NoBlock) };
        let given = Given::start_of(self.plugin.memory_bytes(block)?, most);
        self.plugin.memory_free(block)?;
        Ok(given)
    }
}

// -- Beside the adapter ------------------------------------------------------------------------------------------------

/// What one instance exchanges with its host through: its scratch block, and the host's end of it.
#[derive(Default)]
pub(crate) struct Scratch {
    // One plugin call at a time uses it, on one thread, so that the lock keeps nobody out.
    state: Mutex<ScratchState>,
}

#[derive(Default)]
struct ScratchState {
    /// The block as the kernel described it, which is all that the host knows of it. It lies in the memory for as long
    /// as that is there, whatever became of the block, as memory does not shrink.
    block: Option<MemoryHandle>,
    /// The last answer, kept for its memory, or until there is room for it.
    answer: Answer,
    is_waiting: bool,
}

impl Scratch {
    fn lock(&self) -> MutexGuard<'_, ScratchState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ScratchState {
    /// The scratch block that the adapter names, by its offset and in the upper half its size.
    ///
    /// The kernel is asked for it once for each place where it lies. In another plugin call there may be a smaller one at
    /// the same place, with others behind it: no more is touched than the adapter has.
    fn block<'a>(&mut self, plugin: &'a mut CurrentPlugin, named: i64) -> Result<&'a mut [u8], extism::Error> {
        let (offset, size) = (named as u64 & 0xffff_ffff, (named as u64 >> 32) as usize);
        let is_it = |block: &MemoryHandle| block.offset() == offset && block.len() >= size;
        if self.block.filter(is_it).is_none() {
            self.block = plugin.memory_handle(offset).filter(is_it);
        }
        let block =
            self.block.filter(|_| offset != 0).ok_or_else(|| extism::Error::msg("there is no scratch block"))?;
        Ok(&mut plugin.memory_bytes_mut(block)?[..size])
    }

    /// Copies the answer into the block and gives its length; or keeps it, and gives it negated.
    fn deliver(&mut self, block: &mut [u8], is_secret: bool) -> i64 {
        let answer = self.answer.as_bytes();
        let length = answer.len() as i64;
        let Some(room) = block.get_mut(..answer.len()) else {
            self.is_waiting = true;
            return -length;
        };
        room.copy_from_slice(answer);
        self.is_waiting = false;
        self.answer.clear(is_secret);
        length
    }
}

/// A request in the scratch block.
struct InScratch<'a> {
    block: &'a [u8],
    /// How long the request is, as the adapter says; no more of it was copied than the limit.
    length: i64,
}

impl Request for InScratch<'_> {
    fn read(&mut self, limit: usize) -> Result<&str, HostError> {
        let length = match usize::try_from(self.length) {
            Ok(length) => length,
            Err(_) if !defence::is_on(Defence::Handles) => return Ok(""),
            Err(_) => return Err(no_block()),
        };
        if length > limit {
            return Err(too_long(length, limit));
        }
        let bytes = self.block.get(..length);
        text(bytes.ok_or_else(|| HostError::internal("the adapter says that a request is longer than its block"))?)
    }
}

/// A function that the adapter imports: it is told where the scratch block is, and how long the request in it.
pub(crate) fn adapter_function(
    namespace: &str,
    name: String,
    plugin_call: Arc<PluginCall>,
    answers_secrets: bool,
    answer: impl Fn(&PluginCall, &mut dyn Request, &mut Answer) -> Result<(), extism::Error> + Send + Sync + 'static,
) -> Function {
    numbers_function(namespace, name, true, move |plugin, [at, length]| {
        let mut scratch = plugin_call.scratch.lock();
        // The one look at the guest's memory. Nothing of WebAssembly runs before the answer is in it.
        let block = scratch.block(plugin, at)?;
        answer(&plugin_call, &mut InScratch { block: &*block, length }, &mut scratch.answer)?;
        Ok(scratch.deliver(block, answers_secrets))
    })
}

/// The function by which the adapter gets an answer that its scratch block was too small for.
pub(crate) fn take_function(namespace: &str, plugin_call: Arc<PluginCall>) -> Function {
    numbers_function(namespace, "take".to_owned(), true, move |plugin, [at, _]| {
        let mut scratch = plugin_call.scratch.lock();
        if !scratch.is_waiting {
            return Err(extism::Error::msg("no answer waits"));
        }
        let block = scratch.block(plugin, at)?;
        // It may hold secrets, and is seldom: it is wiped in any case.
        Ok(scratch.deliver(block, true))
    })
}

/// As [`kernel_function`], for the adapter: what is given lies in the scratch block, one after the other, each from a
/// whole word on. `most` is how much of it was copied.
pub(crate) fn adapter_kernel_function<const PARAMETERS: usize>(
    namespace: &str,
    name: &str,
    plugin_call: Arc<PluginCall>,
    most: usize,
    body: impl Fn(&PluginCall, &mut Guest<'_>, [Given; PARAMETERS]) -> Result<Option<Vec<u8>>, extism::Error>
    + Send
    + Sync
    + 'static,
) -> Function {
    let parameters = vec![ValType::I64; PARAMETERS + 1];
    let body = move |plugin: &mut CurrentPlugin, inputs: &[Val]| -> Result<i64, extism::Error> {
        let mut scratch = plugin_call.scratch.lock();
        let named = inputs[0].unwrap_i64();
        let given = {
            let mut rest = &*scratch.block(plugin, named)?;
            std::array::from_fn(|number| match inputs[number + 1].unwrap_i64() {
                0 => Given::Nothing,
                length => {
                    let Ok(length) = usize::try_from(length) else { return Given::NoBlock };
                    let copied = &rest[..length.min(most).min(rest.len())];
                    rest = rest.get(length.next_multiple_of(8)..).unwrap_or_default();
                    Given::Bytes { bytes: copied.to_vec(), is_cut: copied.len() < length }
                }
            })
        };
        scratch.answer.set(body(&plugin_call, &mut Guest { plugin }, given)?.unwrap_or_default());
        let block = scratch.block(plugin, named)?;
        Ok(scratch.deliver(block, true))
    };
    Function::new(name, parameters, [ValType::I64], UserData::new(()), move |plugin, inputs, outputs, _| {
        outputs[0] = Val::I64(body(plugin, inputs)?);
        Ok(())
    })
    .with_namespace(namespace)
}

// -- In plain mode -----------------------------------------------------------------------------------------------------

/// A request in a block of the guest's own.
struct InBlock<'a> {
    plugin: &'a mut CurrentPlugin,
    handle: Handle,
}

impl Request for InBlock<'_> {
    fn read(&mut self, limit: usize) -> Result<&str, HostError> {
        // Two's complement: an offset is unsigned, and WebAssembly's integers have no sign.
        let block = match self.plugin.memory_handle(self.handle as u64) {
            Some(block) => block,
            None if !defence::is_on(Defence::Handles) => return Ok(""),
            None => return Err(no_block()),
        };
        if block.len() > limit {
            return Err(too_long(block.len(), limit));
        }
        text(self.plugin.memory_bytes(block).map_err(HostError::internal)?)
    }
}

/// An Extism function that hands the guest's request to `answer`, and the guest the answer in a new block, which is the
/// guest's from then on.
///
/// Its type is `(i64) -> i64`, or `() -> i64` for a guest that imports it without a request. A guest that has no memory
/// left for the answer is trapped, as there is no way to tell it.
pub(crate) fn extism_function(
    namespace: &str,
    name: &str,
    takes_request: bool,
    answers_secrets: bool,
    answer: impl Fn(&mut dyn Request, &mut Answer) -> Result<(), extism::Error> + Send + Sync + 'static,
) -> Function {
    let parameters = if takes_request { vec![ValType::I64] } else { vec![] };
    // No user data: it would put everything behind one lock. The closure holds what it needs.
    let none = UserData::new(());
    Function::new(name, parameters, [ValType::I64], none, move |plugin, inputs, outputs, _| {
        let handle = inputs.first().map(Val::unwrap_i64).unwrap_or_default();
        let mut bytes = Answer::default();
        answer(&mut InBlock { plugin, handle }, &mut bytes)?;
        let written = plugin.memory_new(bytes.as_bytes());
        bytes.clear(answers_secrets);
        // The linker gave this function its type, so that there is exactly one result.
        outputs[0] = Val::I64(written?.offset() as Handle);
        Ok(())
    })
    .with_namespace(namespace)
}

/// One of Extism's own functions, of handles of blocks that the guest gives away, with the handle of one that it gets or
/// without. `most` is how much is read of each. A guest that is not in a call yet has no memory to be looked at, and is
/// trapped.
pub(crate) fn kernel_function<const PARAMETERS: usize>(
    namespace: &str,
    name: &str,
    has_result: bool,
    plugin_call: Arc<PluginCall>,
    most: usize,
    body: impl Fn(&PluginCall, &mut Guest<'_>, [Given; PARAMETERS]) -> Result<Option<Vec<u8>>, extism::Error>
    + Send
    + Sync
    + 'static,
) -> Function {
    numbers_function(namespace, name.to_owned(), has_result, move |plugin, handles: [Handle; PARAMETERS]| {
        plugin_call.check_has_begun()?;
        let mut guest = Guest { plugin };
        let mut given = [const { Given::Nothing }; PARAMETERS];
        for (given, handle) in given.iter_mut().zip(handles) {
            *given = guest.take(handle, most)?;
        }
        match body(&plugin_call, &mut guest, given)? {
            Some(answer) => Ok(plugin.memory_new(&answer)?.offset() as Handle),
            None => Ok(0),
        }
    })
}

// -- Numbers ------------------------------------------------------------------------------------------------------------

/// A function of 64-bit numbers, with one as its result or none.
fn numbers_function<const PARAMETERS: usize>(
    namespace: &str,
    name: String,
    has_result: bool,
    body: impl Fn(&mut CurrentPlugin, [i64; PARAMETERS]) -> Result<i64, extism::Error> + Send + Sync + 'static,
) -> Function {
    let results = if has_result { vec![ValType::I64] } else { vec![] };
    let parameters = [const { ValType::I64 }; PARAMETERS];
    Function::new(name, parameters, results, UserData::new(()), move |plugin, inputs, outputs, _| {
        // The linker gave this function its type.
        let result = body(plugin, std::array::from_fn(|at| inputs[at].unwrap_i64()))?;
        outputs.iter_mut().for_each(|output| *output = Val::I64(result));
        Ok(())
    })
    .with_namespace(namespace)
}

/// A function of so many 32-bit parameters that does nothing and answers with an error's number.
pub(crate) fn refusing_function(namespace: &str, name: &str, parameters: usize, error: i32) -> Function {
    Function::new(name, vec![ValType::I32; parameters], [ValType::I32], UserData::new(()), move |_, _, outputs, _| {
        outputs[0] = Val::I32(error);
        Ok(())
    })
    .with_namespace(namespace)
}
