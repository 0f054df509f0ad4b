use std::fmt::Write as _;

use wasmparser::ValType;

use super::{ADAPTER, GUEST, rewrite, text::Quoted};
use crate::module::{Export, Initialiser, Module};

/// The module that Extism calls: it exports what the guest does, and does before and after a call what is to be done
/// then. What of the guest runs by itself runs with the first call, once.
pub(super) fn text(module: &Module) -> String {
    let mut imports = String::new();
    let mut import = |function: &str, name: &str, signature: &str| {
        let (guest, name) = (Quoted(GUEST), Quoted(name));
        writeln!(imports, "(import {guest} {name} (func {function} {signature}))").expect("a String takes any text");
    };
    let mut initialisers = String::new();
    for (number, initialiser) in module.initialisers().iter().enumerate() {
        let (name, signature, call) = match initialiser {
            Initialiser::Start => (rewrite::START.into(), String::new(), format!("(call $initialiser_{number})")),
            Initialiser::Export(export) => {
                let zeros = export.parameters.iter().map(|parameter| format!("({parameter}.const 0)"));
                let call = format!("(call $initialiser_{number} {})", zeros.collect::<Vec<_>>().join(" "));
                let dropped = export.results.iter().fold(call, |call, _| format!("(drop {call})"));
                (rewrite::renamed(&export.name), signature(export), dropped)
            }
        };
        import(&format!("$initialiser_{number}"), &name, &signature);
        initialisers += &call;
    }
    let mut exports = String::new();
    for (number, export) in module.exports.iter().enumerate() {
        import(&format!("$guest_{number}"), &rewrite::renamed(&export.name), &signature(export));
        let name = Quoted(&export.name);
        let line = match export.parameters.is_empty() {
            true => {
                let results = list("result", &export.results);
                format!("(func (export {name}) {results} (call $enter) (call $guest_{number}) (call $finish))\n")
            }
            // Extism passes nothing, and says so of such a function.
            false => format!("(export {name} (func $guest_{number}))\n"),
        };
        exports += &line;
    }
    format!(
        "(module
           (import \"{ADAPTER}\" \"begin\" (func $begin))
           (import \"{ADAPTER}\" \"finish\" (func $finish))
           {imports}
           (global $is_initialised (mut i32) (i32.const 0))
           (func $enter
             (call $begin)
             (if (i32.eqz (global.get $is_initialised))
               (then
                 {initialisers}
                 (global.set $is_initialised (i32.const 1)))))
           {exports})"
    )
}

fn signature(export: &Export) -> String {
    list("param", &export.parameters) + &list("result", &export.results)
}

fn list(of: &str, types: &[ValType]) -> String {
    types.iter().map(|value| format!("({of} {value})")).collect()
}
