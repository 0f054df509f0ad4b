use std::fmt::Write as _;

use wasmparser::ValType;

use super::{ADAPTER, GUEST, rewrite, text::Quoted};
use crate::{
    module::{Export, Initialiser},
    parts::Parts,
};

/// The module that Extism calls: it exports what the guest does, and does before and after a call what is to be done
/// then. What of the guest runs by itself runs with the first call, once.
pub(super) fn text(parts: &Parts) -> String {
    let module = &parts.main;
    let mut imports = String::new();
    let mut import = |of: &str, function: &str, name: &str, signature: &str| {
        let (of, name) = (Quoted(of), Quoted(name));
        writeln!(imports, "(import {of} {name} (func {function} {signature}))").expect("a String takes any text");
    };
    let mut initialisers = String::new();
    for (number, linked) in parts.linked.iter().enumerate() {
        let (has_start, is_reactor) = linked.module.begins_when_linked();
        let begins = [(has_start, rewrite::START.into()), (is_reactor, rewrite::renamed("_initialize"))];
        for (which, (_, name)) in begins.iter().enumerate().filter(|(_, (is_there, _))| *is_there) {
            let function = format!("$linked_{number}_{which}");
            import(&linked.name, &function, name, "");
            initialisers += &format!("(call {function})");
        }
    }
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
        import(GUEST, &format!("$initialiser_{number}"), &name, &signature);
        initialisers += &call;
    }
    let mut exports = String::new();
    for (number, export) in module.exports.iter().enumerate() {
        import(GUEST, &format!("$guest_{number}"), &rewrite::renamed(&export.name), &signature(export));
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
                 ;; Before: one that ends itself well has begun, and its instance is used again.
                 (global.set $is_initialised (i32.const 1))
                 {initialisers})))
           {exports})"
    )
}

fn signature(export: &Export) -> String {
    list("param", &export.parameters) + &list("result", &export.results)
}

fn list(of: &str, types: &[ValType]) -> String {
    types.iter().map(|value| format!("({of} {value})")).collect()
}
