//! The guest's memory. This is the only file that touches [`extism::CurrentPlugin`].

use std::collections::BTreeMap;

use extism::{CurrentPlugin, Function, UserData, Val, ValType};
use hostfn_contract::HostError;

use crate::defence::{self, Defence};

/// A guest that is waiting for the answer to a host call.
pub(crate) struct Guest<'a> {
    plugin: &'a mut CurrentPlugin,
}

/// An Extism handle: the offset of a block in the guest's memory. Zero is no block, and so empty.
pub(crate) type Handle = i64;

impl Guest<'_> {
    /// The text in a block of the guest's memory. Its size is checked before it is looked at.
    pub(crate) fn read(&mut self, handle: Handle, limit: usize) -> Result<&str, HostError> {
        // Two's complement: an offset is unsigned, and WebAssembly's integers have no sign.
        let block = match self.plugin.memory_handle(handle as u64) {
            Some(block) => block,
            None if !defence::is_on(Defence::Handles) => return Ok(""),
            None => {
                return Err(HostError::invalid_request(
                    "the handle names no block of memory: pass one that the PDK allocated",
                ));
            }
        };
        if block.len() > limit {
            return Err(HostError::limit_exceeded(format!(
                "the request has {} bytes and the host takes {limit}: send less, or allow more with `request_bytes`",
                block.len()
            )));
        }
        let bytes = self.plugin.memory_bytes(block).map_err(HostError::internal)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(_) if !defence::is_on(Defence::Utf8) => Ok("{}"),
            Err(_) => Err(HostError::invalid_request("the request is not UTF-8: encode it as JSON")),
        }
    }

    /// Takes a text that the guest gives away: the start of it, a little more than `limit` where it is longer, and then
    /// frees its block. A handle that names no block is nothing.
    pub(crate) fn take_text(&mut self, handle: Handle, limit: usize) -> Option<String> {
        let block = self.plugin.memory_handle(handle as u64)?;
        let text = self.plugin.memory_bytes(block).ok().map(|bytes| {
            let start = &bytes[..bytes.len().min(limit.saturating_add(1))];
            String::from_utf8_lossy(start).into_owned()
        });
        // It is gone either way.
        let _ = self.plugin.memory_free(block);
        text
    }

    /// Takes what a block holds, and frees it.
    ///
    /// # Errors
    /// When the handle names no block.
    pub(crate) fn take(&mut self, handle: Handle) -> Result<Vec<u8>, extism::Error> {
        let block = self.plugin.memory_handle(handle as u64).ok_or_else(|| extism::Error::msg("no block of memory"))?;
        let bytes = self.plugin.memory_bytes(block)?.to_vec();
        self.plugin.memory_free(block)?;
        Ok(bytes)
    }

    /// The value that the plugin was loaded with for a key.
    pub(crate) fn config(&self, key: &str) -> Option<Vec<u8>> {
        self.plugin.manifest().config.get(key).map(|value| value.clone().into_bytes())
    }

    /// The guest's variables, which its instance keeps from one call to the next.
    pub(crate) fn variables(&mut self) -> &mut BTreeMap<String, Vec<u8>> {
        self.plugin.vars_mut()
    }

    /// Copies an answer into a new block, which is the guest's from then on.
    ///
    /// # Errors
    /// When the guest has no memory left for it. The guest is then trapped, as there is no way to
    /// tell it.
    pub(crate) fn write(&mut self, answer: &[u8]) -> Result<Handle, extism::Error> {
        Ok(self.plugin.memory_new(answer)?.offset() as Handle)
    }
}

/// An Extism function that hands the guest's request to `answer`.
///
/// Its type is `(i64) -> i64`, or `() -> i64` for a guest that imports it without a request.
pub(crate) fn extism_function(
    namespace: &str,
    name: &str,
    takes_request: bool,
    answer: impl Fn(&mut Guest<'_>, Option<Handle>) -> Result<Handle, extism::Error> + Send + Sync + 'static,
) -> Function {
    let parameters = if takes_request { vec![ValType::I64] } else { vec![] };
    // No user data: it would put everything behind one lock. The closure holds what it needs.
    let none = UserData::new(());
    Function::new(name, parameters, [ValType::I64], none, move |plugin, inputs, outputs, _| {
        let request = inputs.first().map(Val::unwrap_i64);
        // The linker gave this function its type, so that there is exactly one result.
        outputs[0] = Val::I64(answer(&mut Guest { plugin }, request)?);
        Ok(())
    })
    .with_namespace(namespace)
}

/// One of Extism's own functions, of 64-bit parameters, with one result or none.
pub(crate) fn kernel_function<const PARAMETERS: usize>(
    namespace: &str,
    name: &str,
    has_result: bool,
    body: impl Fn(&mut Guest<'_>, [Handle; PARAMETERS]) -> Result<Handle, extism::Error> + Send + Sync + 'static,
) -> Function {
    let results = if has_result { vec![ValType::I64] } else { vec![] };
    Function::new(
        name,
        [const { ValType::I64 }; PARAMETERS],
        results,
        UserData::new(()),
        move |plugin, inputs, outputs, _| {
            // The linker gave this function its type.
            let result = body(&mut Guest { plugin }, std::array::from_fn(|at| inputs[at].unwrap_i64()))?;
            outputs.iter_mut().for_each(|output| *output = Val::I64(result));
            Ok(())
        },
    )
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
