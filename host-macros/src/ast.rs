//! The annotated function, read: what each argument is to a guest, and what the answer is.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, FnArg, Ident, Meta, Pat, PatTupleStruct as TupleStruct, PatType, ReturnType, Signature, Token, Type,
    Visibility,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    parse_quote,
    punctuated::Punctuated,
};

use crate::{
    attr::{Options, literal},
    correct::shared,
    mistakes::Mistakes,
    signature::as_it_should_look,
    types::{json_of, last_segment, peel, spelling, types_in},
};

/// A function as it was written. Its body is not looked into, so that nothing in it is refused that
/// the compiler would take.
pub(crate) struct Item {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: TokenStream,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            signature: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, visibility, signature, body } = self;
        tokens.extend(quote!(#(#attributes)* #visibility #signature #body));
    }
}

/// Whether what stands behind the signature is a block, and no semicolon.
pub(crate) fn has_body(item: &Item) -> bool {
    let body = item.body.clone().into_iter().next();
    matches!(body, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace)
}

/// A host function, of which all is known that the expansion says.
pub(crate) struct HostFunction {
    /// Without the attributes of its arguments that the compiler would refuse.
    pub(crate) item: Item,
    pub(crate) options: Options,
    pub(crate) documentation: String,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) answer: Answer,
}

/// What an argument is, which its type alone decides.
pub(crate) enum Argument {
    /// `&mut C`: the connection.
    Connection(Type),
    /// `&T`: borrowed from the host.
    Injected(Type),
    /// `T`: a field of the request.
    Field(Field),
    /// `Json<T>`: the whole request.
    Request {
        /// `Json<T>`.
        argument: Type,
        /// `T`.
        inner: Type,
    },
}

/// A field of the request.
pub(crate) struct Field {
    /// Documentation, and what serde and schemars are told.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

/// What a function returns.
pub(crate) enum Answer {
    /// No return type is written.
    Nothing,
    Plain(Type),
    Result(Type),
}

impl HostFunction {
    /// Reads a function, and takes from its arguments what belongs to the request.
    pub(crate) fn new(mut item: Item, options: Options, mistakes: &mut Mistakes) -> Self {
        let documentation = documentation(&item, mistakes);
        let should = as_it_should_look(&item);
        let mut arguments = Vec::new();
        for argument in &mut item.signature.inputs {
            match argument {
                FnArg::Receiver(receiver) => mistakes.add(&*receiver, advice_on_self(should.as_deref())),
                FnArg::Typed(argument) => arguments.extend(Argument::new(argument, mistakes)),
            }
        }
        let answer = match &item.signature.output {
            ReturnType::Default => Answer::Nothing,
            ReturnType::Type(_, ty) => match last_segment(ty) {
                // An alias, such as diesel's `QueryResult`, cannot be told from a `Result` otherwise.
                Some(segment) if segment.ident.unraw().to_string().ends_with("Result") => Answer::Result(*ty.clone()),
                _ => Answer::Plain(*ty.clone()),
            },
        };
        Self { item, options, documentation, arguments, answer }
    }

    /// The name that a guest imports.
    pub(crate) fn name(&self) -> String {
        match &self.options.name {
            Some(name) => name.value(),
            None => self.item.signature.ident.unraw().to_string(),
        }
    }

    /// The fields of the request.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.arguments.iter().filter_map(|argument| match argument {
            Argument::Field(field) => Some(field),
            _ => None,
        })
    }

    /// The types of what the host lends.
    pub(crate) fn injected(&self) -> impl Iterator<Item = &Type> {
        self.arguments.iter().filter_map(|argument| match argument {
            Argument::Injected(ty) => Some(ty),
            _ => None,
        })
    }
}

impl Argument {
    fn new(argument: &mut PatType, mistakes: &mut Mistakes) -> Option<Self> {
        let PatType { attrs, pat, ty, .. } = argument;
        if let Some(name) = extractor(pat, ty) {
            mistakes.add(&*pat, advice_on_extractor(&name, ty));
            take_attributes(attrs, false, mistakes);
            return None;
        }
        let (pattern, written) = (&**pat, &mut **ty);
        if is_json(pattern) && json_of(written).is_none() && !matches!(peel(written), Type::Reference(_)) {
            mistakes.add(
                &*written,
                format!("`Json` takes the whole request; write its type `Json<{}>`", spelling(written)),
            );
            take_attributes(attrs, false, mistakes);
            // As it should be, or the compiler says of the pattern that it does not fit the type.
            if let Pat::TupleStruct(TupleStruct { path, .. }) = pattern {
                *written = parse_quote!(#path<#written>);
            }
            return None;
        }
        let ty = &*written;
        let of_other = match (peel(ty), json_of(ty)) {
            (Type::Reference(reference), _) if reference.mutability.is_some() => {
                Self::Connection(*reference.elem.clone())
            }
            (Type::Reference(reference), _) => Self::Injected(*reference.elem.clone()),
            (_, Some(inner)) => Self::Request { argument: ty.clone(), inner: inner.clone() },
            (_, None) => {
                let attributes = take_attributes(attrs, true, mistakes);
                let name = plain_name(pattern, mistakes)?;
                return Some(Self::Field(Field { attributes, name, ty: ty.clone() }));
            }
        };
        take_attributes(attrs, false, mistakes);
        // The name of what is no field reaches nobody, so that it may as well be left out.
        if !matches!(pattern, Pat::Wild(_)) && !is_json(pattern) {
            plain_name(pattern, mistakes)?;
        }
        Some(of_other)
    }
}

impl Field {
    /// Whether serde and schemars read the field as its type says, and are not told otherwise.
    pub(crate) fn is_as_its_type(&self) -> bool {
        let words = ["deserialize_with", "schema_with", "skip", "skip_deserializing", "with"];
        !words.iter().any(|word| self.attributes.iter().any(|attribute| told_word(attribute, word).is_some()))
    }

    /// Whether serde must be told that the field may be absent. `Option` it knows; ours it does not.
    pub(crate) fn needs_default(&self) -> bool {
        let is_ours =
            last_segment(&self.ty).is_some_and(|segment| segment.ident == "Patch" || segment.ident == "Change");
        is_ours && !self.attributes.iter().any(|attribute| serde_word(attribute, "default").is_some())
    }
}

/// What serde is told by this attribute under `word`, if it is.
pub(crate) fn serde_word(attribute: &Attribute, word: &str) -> Option<Meta> {
    told_word(attribute, word).filter(|_| attribute.path().is_ident("serde"))
}

/// The same of serde or schemars: a field has no attributes that are for others than these, but documentation.
fn told_word(attribute: &Attribute, word: &str) -> Option<Meta> {
    let words = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
    words.into_iter().find(|meta| meta.path().is_ident(word))
}

/// The name of a pattern by which a web framework would take something out of a request: `State(state): State<T>`.
fn extractor(pattern: &Pat, ty: &Type) -> Option<String> {
    let Pat::TupleStruct(tuple) = pattern else { return None };
    let segment = last_segment(ty).filter(|segment| segment.ident != "Json" && types_in(segment).len() == 1)?;
    let is_same = tuple.path.segments.last().is_some_and(|name| name.ident == segment.ident);
    (tuple.elems.len() == 1 && is_same).then(|| segment.ident.to_string())
}

fn advice_on_extractor(name: &str, ty: &Type) -> String {
    let inner = last_segment(ty).map(types_in).unwrap_or_default();
    let inner = inner.first().map(|ty| shared(ty).unwrap_or(ty)).map(spelling).unwrap_or_default();
    match name {
        "Data" | "Extension" | "State" => format!("a host lends its state by reference; write `state: &{inner}`"),
        _ => format!(
            "a guest sends one object; write an argument for each of its fields, or `Json(request): Json<{inner}>`"
        ),
    }
}

fn advice_on_self(should: Option<&str>) -> String {
    let advice = "it takes `self`, and a guest calls a function; write it outside of any `impl`";
    match should {
        Some(should) => format!("{advice}, as `{should}`, and borrow state as `state: &State`"),
        None => format!("{advice}, and borrow state as `state: &State`"),
    }
}

fn is_json(pattern: &Pat) -> bool {
    matches!(pattern, Pat::TupleStruct(tuple)
        if tuple.elems.len() == 1 && tuple.path.segments.last().is_some_and(|segment| segment.ident == "Json"))
}

fn plain_name(pattern: &Pat, mistakes: &mut Mistakes) -> Option<Ident> {
    match pattern {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => Some(name.ident.clone()),
        _ => {
            mistakes.add(pattern, "an argument is known by its name; write one name, and take it apart in the body");
            None
        }
    }
}

/// Leaves an argument only the attributes that the compiler takes there, and answers with those of
/// a field of the request. The documentation of other arguments is for who reads the source.
fn take_attributes(attributes: &mut Vec<Attribute>, is_field: bool, mistakes: &mut Mistakes) -> Vec<Attribute> {
    let mut of_field = Vec::new();
    attributes.retain(|attribute| {
        let name = attribute.path().get_ident().map(Ident::to_string).unwrap_or_default();
        match name.as_str() {
            "allow" | "deny" | "expect" | "forbid" | "warn" => return true,
            "cfg" | "cfg_attr" => {
                mistakes.add(
                    attribute,
                    "a request is the same in every build; write two functions and put `#[cfg(…)]` on them",
                );
                // The compiler takes `cfg`, and more might fail than this without it.
                return name == "cfg";
            }
            "doc" | "schemars" | "serde" if is_field => of_field.push(attribute.clone()),
            "doc" => {}
            "schemars" | "serde" => mistakes.add(
                attribute,
                format!("this argument is not a field of the request; write `#[{name}(…)]` on a field, or on the type"),
            ),
            _ => mistakes.add(
                attribute,
                "an argument takes documentation, `#[serde(…)]`, `#[schemars(…)]` and lints such as `#[expect(…)]`; \
                 leave this out",
            ),
        }
        false
    });
    of_field
}

/// The doc comment, in Markdown.
fn documentation(item: &Item, mistakes: &mut Mistakes) -> String {
    let mut lines = Vec::new();
    for attribute in item.attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        // Otherwise it is `#[doc(hidden)]` or its like.
        let Meta::NameValue(pair) = &attribute.meta else { continue };
        let Some(text) = literal(&pair.value) else {
            mistakes.add(&pair.value, "the macro cannot read this; write a doc comment, as `/// Finds a user.`");
            return String::new();
        };
        lines.extend(text.value().split('\n').map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned()));
    }
    let text = lines.join("\n").trim().to_owned();
    if text.is_empty() {
        mistakes.add(
            &item.signature.ident,
            "it is not documented, and plugin authors rely on that; write `/// What it does.` above it",
        );
    }
    text
}
