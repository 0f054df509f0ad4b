//! One guest in this engine and in Extism.

use std::time::{Duration, Instant};

use extism::{Function, Manifest, PTR, Plugin, PluginBuilder, UserData, ValType, Wasm};
use hostfn_engine::{CallError, CallOptions, Compiled, Ending, HostFunctions, Instance, InstanceOptions, TrapCode};
use wasmparser_48::{Parser, Payload, TypeRef};

use crate::common::ENGINE;

/// What came of a call, as far as both tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Output(Vec<u8>),
    /// The guest's own error.
    Error(String),
    Code(i32),
    Exit(i32),
    Trap(String),
    OutOfFuel,
    Deadline,
    OutOfMemory,
    NoSuchExport,
    NotCallable,
    /// The guest's own error, and then it trapped.
    ErrorAndTrap(String),
    /// A function of Extism's failed.
    Misuse,
}

/// An import of a guest that is a host function's.
struct HostImport {
    namespace: String,
    name: String,
    takes_request: bool,
}

pub(crate) struct Both {
    compiled: Compiled<()>,
    manifest: Manifest,
    imports: Vec<HostImport>,
    ours: Instance<()>,
    theirs: Plugin,
    fuel: Option<u64>,
    timeout: u64,
}

/// The most memory that either gives.
const PAGES: u32 = 1024;

impl Both {
    pub(crate) fn new(module: &[u8]) -> Self {
        Self::linked(module, &[])
    }

    pub(crate) fn linked(main: &[u8], others: &[(&str, &[u8])]) -> Self {
        let imports = host_imports(main, others);
        let mut functions = HostFunctions::new();
        for import in &imports {
            functions.add(&import.namespace, &import.name, |call| {
                let response = respond(call.request().ok_or("no block")?);
                Ok(call.respond(&response)?)
            });
        }
        let mut builder = Compiled::builder(&ENGINE, main).functions(functions);
        let mut modules = Vec::new();
        for (name, module) in others {
            builder = builder.link(name, module);
            modules.push(Wasm::data(module.to_vec()).with_name(*name));
        }
        modules.push(Wasm::data(main.to_vec()));
        let compiled = builder.build().unwrap();
        let manifest = Manifest::new(modules).with_memory_max(PAGES).with_config_key("key", "a value");
        let theirs = stock(&manifest, &imports, None, 60_000);
        let ours = ours(&compiled);
        Self { compiled, manifest, imports, ours, theirs, fuel: None, timeout: 60_000 }
    }

    pub(crate) fn with_fuel(mut self, fuel: u64) -> Self {
        self.fuel = Some(fuel);
        self.renew();
        self
    }

    pub(crate) fn with_timeout(mut self, milliseconds: u64) -> Self {
        self.timeout = milliseconds;
        self.renew();
        self
    }

    /// The functions that the guest exports.
    pub(crate) fn exports(&self) -> Vec<String> {
        self.compiled.exports().iter().map(|export| export.name.clone()).collect()
    }

    /// Calls both, and fails if they differ.
    #[track_caller]
    pub(crate) fn call(&mut self, export: &str, input: &[u8]) -> Outcome {
        let mut options = CallOptions::new().deadline(Instant::now() + Duration::from_millis(self.timeout));
        if let Some(fuel) = self.fuel {
            options = options.fuel(fuel);
        }
        let ours = match self.ours.call(export, input, &options) {
            Ok(output) => Outcome::Output(output.bytes),
            Err(error) => of_ours(error),
        };
        let theirs = match self.theirs.call::<&[u8], Vec<u8>>(export, input) {
            Ok(output) => Outcome::Output(output),
            Err(error) => of_theirs(&error),
        };
        assert_eq!(ours, theirs, "ours and theirs of `{export}` with {:?}", String::from_utf8_lossy(input));
        // What a guest that was stopped has left in its memory is not compared.
        if !matches!(
            ours,
            Outcome::Output(_) | Outcome::Error(_) | Outcome::Code(_) | Outcome::NoSuchExport | Outcome::Misuse
        ) {
            self.renew();
        }
        ours
    }

    fn renew(&mut self) {
        self.ours = ours(&self.compiled);
        self.theirs = stock(&self.manifest, &self.imports, self.fuel, self.timeout);
    }
}

fn ours(compiled: &Compiled<()>) -> Instance<()> {
    let config = [("key".to_owned(), "a value".to_owned())].into();
    compiled.instance((), InstanceOptions::new().config(std::sync::Arc::new(config))).unwrap()
}

fn stock(manifest: &Manifest, imports: &[HostImport], fuel: Option<u64>, timeout: u64) -> Plugin {
    let manifest = manifest.clone().with_timeout(Duration::from_millis(timeout));
    let functions = imports.iter().map(|HostImport { namespace, name, takes_request }| {
        let parameters: &[ValType] = if *takes_request { &[PTR] } else { &[] };
        let body = |plugin: &mut extism::CurrentPlugin, inputs: &[extism::Val], outputs: &mut [extism::Val], _| {
            let request: Vec<u8> = match inputs.first() {
                Some(input) => plugin.memory_get_val(input)?,
                None => Vec::new(),
            };
            plugin.memory_set_val(&mut outputs[0], respond(&request))
        };
        Function::new(name, parameters.iter().cloned(), [PTR], UserData::new(()), body).with_namespace(namespace)
    });
    let builder = PluginBuilder::new(manifest).with_wasi(true).with_functions(functions);
    match fuel {
        Some(fuel) => builder.with_fuel_limit(fuel).build().unwrap(),
        None => builder.build().unwrap(),
    }
}

/// What every host function responds.
fn respond(request: &[u8]) -> Vec<u8> {
    let data = if request.first() == Some(&b'{') { request } else { b"null" };
    [&br#"{"success":true,"data":"#[..], data, br#","error":null}"#].concat()
}

fn host_imports(main: &[u8], others: &[(&str, &[u8])]) -> Vec<HostImport> {
    let mut found: Vec<HostImport> = Vec::new();
    let own = ["extism:host/env", "wasi_snapshot_preview1"];
    for module in others.iter().map(|(_, module)| *module).chain([main]) {
        let mut parameters = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            match payload.unwrap() {
                Payload::TypeSection(types) => {
                    parameters = types.into_iter_err_on_gc_types().map(|ty| ty.unwrap().params().len()).collect();
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports().map(Result::unwrap) {
                        let TypeRef::Func(ty) = import.ty else { continue };
                        let is_own =
                            own.contains(&import.module) || others.iter().any(|(name, _)| *name == import.module);
                        let is_known =
                            found.iter().any(|known| known.namespace == import.module && known.name == import.name);
                        if !is_own && !is_known {
                            let (namespace, name) = (import.module.to_owned(), import.name.to_owned());
                            found.push(HostImport { namespace, name, takes_request: parameters[ty as usize] > 0 });
                        }
                    }
                }
                _ => {}
            }
        }
    }
    found
}

fn of_ours(error: CallError) -> Outcome {
    match error.ending {
        Ending::GuestError { message, .. } => Outcome::Error(message),
        Ending::ReturnCode(code) => Outcome::Code(code),
        Ending::Exit(code) => Outcome::Exit(code),
        Ending::OutOfFuel => Outcome::OutOfFuel,
        Ending::Deadline => Outcome::Deadline,
        Ending::OutOfMemory => Outcome::OutOfMemory,
        Ending::NoSuchExport => Outcome::NoSuchExport,
        Ending::NotCallable { .. } => Outcome::NotCallable,
        Ending::Misuse { .. } => Outcome::Misuse,
        _ if error.guest_error.is_some() => Outcome::ErrorAndTrap(error.guest_error.unwrap_or_default()),
        ending => Outcome::Trap(ending_text(&ending).to_owned()),
    }
}

/// What wasmtime calls a trap.
fn ending_text(ending: &Ending) -> &'static str {
    match ending {
        Ending::StackOverflow(_) => "call stack exhausted",
        Ending::Trap { code, .. } => match code {
            TrapCode::Unreachable => "wasm `unreachable` instruction executed",
            TrapCode::MemoryOutOfBounds => "out of bounds memory access",
            TrapCode::IntegerDivisionByZero => "integer divide by zero",
            TrapCode::IntegerOverflow => "integer overflow",
            TrapCode::BadConversionToInteger => "invalid conversion to integer",
            code => panic!("a trap that no guest here has: {code}"),
        },
        ending => panic!("{ending:?}"),
    }
}

/// How Extism's own failures begin.
const MISUSE: [&str; 3] = ["invalid handle offset for", "http_request", "Variable store is full"];

fn of_theirs(error: &extism::Error) -> Outcome {
    let cause = error.root_cause().to_string();
    let number = |prefix: &str| cause.strip_prefix(prefix).and_then(|code| code.parse().ok());
    if let Some(code) = number("Returned non-zero exit code: ") {
        return Outcome::Code(code);
    }
    if let Some(code) = number("Exited with i32 exit status ") {
        return Outcome::Exit(code);
    }
    if let Some(trap) = cause.strip_prefix("wasm trap: ") {
        return Outcome::Trap(trap.to_owned());
    }
    match &*cause {
        "timeout" => Outcome::Deadline,
        "plugin ran out of fuel" => Outcome::OutOfFuel,
        "oom" => Outcome::OutOfMemory,
        _ if cause.starts_with("Function not found") => Outcome::NoSuchExport,
        _ if cause.contains("expected 0 or 1") || cause.ends_with("arguments, got 0") => Outcome::NotCallable,
        _ if MISUSE.iter().any(|text| cause.starts_with(text)) => Outcome::Misuse,
        _ if error.chain().count() > 1 => Outcome::ErrorAndTrap(cause),
        _ => Outcome::Error(cause),
    }
}
