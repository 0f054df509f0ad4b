//! The guest's backtrace, for its author.

use std::fmt;

use wasmtime_48::{FrameInfo, FrameSymbol, Trap, WasmBacktrace};

/// The guest's call stack, innermost call first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backtrace {
    /// The calls.
    pub frames: Vec<Frame>,
}

/// A call in a [`Backtrace`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// The name of the module, if it has one.
    pub module: Option<String>,
    /// The index of the function in the module.
    pub index: u32,
    /// The demangled name of the function, if the module has names.
    pub function: Option<String>,
    /// The offset of the instruction in the module.
    pub offset: Option<usize>,
    /// The place in the source, if the module has DWARF. Inlined functions have a place each, innermost first.
    pub source: Vec<SourceLine>,
}

/// A place in a guest's source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceLine {
    /// The demangled name of the function.
    pub function: Option<String>,
    /// The file, as its compiler names it.
    pub file: Option<String>,
    /// The line, from one.
    pub line: Option<u32>,
    /// The column, from one.
    pub column: Option<u32>,
}

impl Backtrace {
    pub(crate) fn of(backtrace: &WasmBacktrace) -> Self {
        Self { frames: backtrace.frames().iter().map(Frame::of).collect() }
    }
}

impl Frame {
    fn of(frame: &FrameInfo) -> Self {
        Self {
            module: frame.module().name().map(str::to_owned),
            index: frame.func_index(),
            function: frame.func_name().map(demangled),
            offset: frame.module_offset(),
            source: frame.symbols().iter().map(SourceLine::of).collect(),
        }
    }
}

impl SourceLine {
    fn of(symbol: &FrameSymbol) -> Self {
        Self {
            function: symbol.name().map(demangled),
            file: symbol.file().map(str::to_owned),
            line: symbol.line(),
            column: symbol.column(),
        }
    }
}

/// The name as in the source, for Rust and C++.
fn demangled(name: &str) -> String {
    if let Ok(rust) = rustc_demangle::try_demangle(name) {
        return format!("{rust:#}");
    }
    let cpp = name.starts_with("_Z").then(|| cpp_demangle::Symbol::new(name).ok()?.demangle().ok());
    cpp.flatten().unwrap_or_else(|| name.to_owned())
}

impl fmt::Display for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, frame) in self.frames.iter().enumerate() {
            let function = frame.function.clone().unwrap_or_else(|| format!("function {}", frame.index));
            writeln!(f, "{number:>4}: {function}")?;
            for SourceLine { file, line, column, .. } in &frame.source {
                if let (Some(file), Some(line)) = (file, line) {
                    writeln!(f, "        at {file}:{line}:{}", column.unwrap_or(1))?;
                }
            }
        }
        Ok(())
    }
}

/// The kinds of traps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TrapCode {
    /// The instruction `unreachable`, by which guests abort: a panic in Rust, for example.
    Unreachable,
    /// An access outside of the memory.
    MemoryOutOfBounds,
    /// An access outside of a table.
    TableOutOfBounds,
    /// A call of an empty table element.
    IndirectCallToNull,
    /// A call of a table element with another signature.
    BadSignature,
    /// The result of a division does not fit its type.
    IntegerOverflow,
    /// A division by zero.
    IntegerDivisionByZero,
    /// A conversion of a float that does not fit the integer.
    BadConversionToInteger,
    /// Another kind.
    Other,
}

impl TrapCode {
    pub(crate) fn of(trap: Trap) -> Self {
        match trap {
            Trap::UnreachableCodeReached => Self::Unreachable,
            Trap::MemoryOutOfBounds => Self::MemoryOutOfBounds,
            Trap::TableOutOfBounds => Self::TableOutOfBounds,
            Trap::IndirectCallToNull => Self::IndirectCallToNull,
            Trap::BadSignature => Self::BadSignature,
            Trap::IntegerOverflow => Self::IntegerOverflow,
            Trap::IntegerDivisionByZero => Self::IntegerDivisionByZero,
            Trap::BadConversionToInteger => Self::BadConversionToInteger,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for TrapCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "unreachable",
            Self::MemoryOutOfBounds => "memory access out of bounds",
            Self::TableOutOfBounds => "table access out of bounds",
            Self::IndirectCallToNull => "call of an empty table element",
            Self::BadSignature => "call with a wrong signature",
            Self::IntegerOverflow => "integer overflow",
            Self::IntegerDivisionByZero => "integer division by zero",
            Self::BadConversionToInteger => "invalid conversion to integer",
            Self::Other => "another failure",
        })
    }
}
