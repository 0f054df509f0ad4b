//! The words that have a meaning of their own in a language, and cannot be a name. What its template has beside them is
//! read from the template: [`crate::naming`].

/// With those of C++ and what it reads as signs: a header can be included there.
pub(super) const C: &str = "\
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class compl \
    concept const const_cast consteval constexpr constinit continue co_await co_return co_yield decltype default delete \
    do double dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable \
    namespace new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast \
    requires restrict return short signed sizeof static static_assert static_cast struct switch template this \
    thread_local throw true try typedef typeid typename typeof typeof_unqual union unsigned using virtual void volatile \
    wchar_t while xor xor_eq";

pub(super) const GO: &str = "\
    any bool break byte case chan const continue default defer else error fallthrough false float64 for func go \
    goto if import int int32 int64 interface len map nil package range return select string struct switch \
    true type uint64 var";

pub(super) const JAVASCRIPT: &str = "\
    abstract any arguments as async await boolean break case catch class const constructor continue debugger \
    declare default delete do else enum eval export extends false finally for function get if implements import in \
    instanceof interface is keyof let module namespace never new null number object of package private protected \
    public readonly require return set static string super switch symbol this throw true try type typeof \
    undefined unique unknown var void while with yield";

/// With what is no word in every place, and one in some.
pub(super) const PYTHON: &str = "\
    False None True __debug__ and as assert async await break case class continue def del elif else except finally for \
    from global if import in is lambda match nonlocal not or pass raise return try type while with yield";

pub(super) const RUST: &str = "\
    Self abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen \
    if impl in let loop macro match mod move mut override priv pub ref return self static struct super \
    trait true try type typeof unsafe unsized use virtual where while yield";

pub(super) const ZIG: &str = "\
    addrspace align allowzero and anyerror anyframe anyopaque anytype asm async await bool break c_char c_int c_long \
    c_longdouble c_longlong c_short c_uint c_ulong c_ulonglong c_ushort callconv catch comptime comptime_float \
    comptime_int const continue defer else enum errdefer error export extern false fn for if inline isize linksection \
    noalias noinline noreturn nosuspend null opaque or orelse packed pub resume return struct suspend switch test \
    threadlocal true try type undefined union unreachable usingnamespace usize var void volatile while";
