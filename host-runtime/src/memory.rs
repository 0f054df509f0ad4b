//! The guest's memory. This is the only file that touches [`extism::CurrentPlugin`].

use extism::{CurrentPlugin, Function, UserData, Val, ValType};
use hostfn_contract::HostError;

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
        let block = self.plugin.memory_handle(handle as u64).ok_or_else(|| {
            HostError::invalid_request("the handle names no block of memory: pass one that the PDK allocated")
        })?;
        if block.len() > limit {
            return Err(HostError::limit_exceeded(format!(
                "the request has {} bytes and the host takes {limit}",
                block.len()
            )));
        }
        let bytes = self.plugin.memory_bytes(block).map_err(HostError::internal)?;
        std::str::from_utf8(bytes)
            .map_err(|_| HostError::invalid_request("the request is not UTF-8: encode it as JSON"))
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
