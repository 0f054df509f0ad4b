//! The words that have a meaning of their own in a language, or in its template, and cannot be a name.

pub(super) const C: &str = "\
    alignas alignof answer auto bool break case char class const constexpr continue default delete do double else \
    enum extern false float for goto if inline int long namespace new nullptr operator private protected public \
    register request restrict return short signed sizeof static static_assert struct switch template this \
    thread_local throw true try typedef typeof union unsigned using virtual void volatile while";

pub(super) const GO: &str = "\
    any bool break byte case chan const continue default defer else error fallthrough false float64 for func go \
    goto if import int int32 int64 interface len map nil package range request return select string struct switch \
    true type uint64 var";

pub(super) const JAVASCRIPT: &str = "\
    abstract any arguments as async await boolean break case catch class const constructor continue debugger \
    declare default delete do else enum eval export extends false finally for function get if implements import in \
    instanceof interface is keyof let module namespace never new null number object of package private protected \
    public readonly request require return set static string super switch symbol this throw true try type typeof \
    undefined unique unknown var void while with yield";

pub(super) const PYTHON: &str = "\
    False None True and as assert async await break case class continue def del elif else except finally for from \
    global if import in is lambda match nonlocal not or pass raise request return self try type while with yield";

pub(super) const RUST: &str = "\
    abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen \
    if impl in let loop macro match mod move mut override priv pub ref request return self static struct super \
    trait true try type typeof unsafe unsized use virtual where while yield";

pub(super) const ZIG: &str = "\
    addrspace align allowzero and anyframe anytype asm async await bool break callconv catch comptime const \
    continue defer else enum errdefer error export extern f64 false fn for i32 i64 if inline linksection noalias \
    noinline nosuspend null opaque or orelse packed pub request resume return std struct suspend switch test \
    threadlocal true try type u64 u8 undefined union unreachable usingnamespace usize var void volatile while";
