//! What a plugin takes from the machine, where its author expects the host's.

use hostfn_runtime::machine_sources;

use crate::escaped;

/// Says of a plugin that its time or randomness is the machine's, if it can be.
pub(crate) fn note(plugin: &str, modules: &[Vec<u8>]) -> Option<String> {
    let has = |source: &str| modules.iter().any(|module| machine_sources(module).contains(&source));
    let (what, imports) = match (has("clock_time_get"), has("random_get")) {
        (true, true) => ("time and randomness", "`clock_time_get` and `random_get`"),
        (true, false) => ("time", "`clock_time_get`"),
        (false, true) => ("randomness", "`random_get`"),
        (false, false) => return None,
    };
    Some(format!(
        "note: `{}` imports {imports} from WASI: what it takes from there is the machine's {what}, and differs in each \
         run; ask the host for it, or expect a name such as `$id`",
        escaped(plugin)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(imports: &[&str]) -> Vec<u8> {
        // The bytes of a module with these imports from WASI, each of a function without parameters and results.
        let mut section = vec![imports.len() as u8];
        for name in imports {
            for text in ["wasi_snapshot_preview1", name] {
                section.push(text.len() as u8);
                section.extend(text.bytes());
            }
            section.extend([0, 0]);
        }
        let mut module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02".to_vec();
        module.push(section.len() as u8);
        module.extend(section);
        module
    }

    #[test]
    fn what_is_the_machines_is_named_and_nothing_else() {
        let told = |imports: &[&str]| note("p", &[module(imports)]);
        assert_eq!(told(&[]), None);
        assert_eq!(told(&["fd_write"]), None);
        assert_eq!(note("p", &[b"no module".to_vec()]), None);
        assert!(told(&["random_get"]).is_some_and(|note| note.contains("the machine's randomness, and")));
        assert!(told(&["clock_time_get"]).is_some_and(|note| note.contains("the machine's time, and")));
        let both = note("p", &[module(&["clock_time_get"]), module(&["random_get"])]);
        assert!(both.is_some_and(|note| note.contains("imports `clock_time_get` and `random_get` from WASI")));
    }
}
