//! What a module can learn of the machine itself.

use wasmparser::{Parser, Payload};

use crate::kernel::WASI;

/// The functions of WASI by which a module gets what is the machine's, and so another in each run, also where a host's
/// own clock and randomness are fixed: `clock_time_get` and `random_get`. None for what is no module.
///
/// ```
/// let module = wat::parse_str(
///     r#"(module (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32))))"#,
/// )?;
/// assert_eq!(hostfn_runtime::machine_sources(&module), ["random_get"]);
/// # Ok::<(), wat::Error>(())
/// ```
#[doc(hidden)]
pub fn machine_sources(module: &[u8]) -> Vec<&'static str> {
    let imports = Parser::new(0).parse_all(module).map_while(Result::ok).find_map(|payload| match payload {
        Payload::ImportSection(imports) => Some(imports),
        _ => None,
    });
    let imports: Vec<_> =
        imports.into_iter().flat_map(|section| section.into_imports()).filter_map(Result::ok).collect();
    let is_imported = |name: &&str| imports.iter().any(|import| import.module == WASI && import.name == *name);
    ["clock_time_get", "random_get"].into_iter().filter(is_imported).collect()
}
