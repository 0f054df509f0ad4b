//! Names for what the contract has, in a language: each as the language writes it, none twice, and none that means
//! something already.
//!
//! What means something are the words of the language ([`crate::languages`]) and what the language's own template
//! writes. The latter is no list that could be forgotten: a contract with every kind of type is rendered, and what
//! names are in it is read there ([`reserved`]).

mod case;
mod reserved;

use std::collections::{BTreeMap, BTreeSet};

use minijinja::Error;

pub(crate) use case::Case;
pub(crate) use reserved::Reserved;

use crate::{
    BindingsError, Language,
    languages::Syntax,
    types::{Definition, Member, Model},
};

/// How a language names things, and what it declares for each. In what is declared, `{}` stands for the name and `<>`
/// for that of the type around it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(crate) types: Case,
    pub(crate) type_declares: &'static [&'static str],
    pub(crate) functions: Case,
    pub(crate) function_declares: &'static [&'static str],
    /// How members of records are named; nothing, where they keep their names.
    pub(crate) fields: Option<Case>,
    pub(crate) members: Members,
}

/// How the values of an enumeration are named.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Members {
    /// They keep their values, and have no names.
    Unnamed,
    /// Within their type.
    Inside(Case),
    /// Beside all other names of the module; an error code as the second.
    Beside(Case, &'static str, &'static str),
}

/// The names of a contract's types, by what they are in the contract.
pub(crate) type TypeNames = BTreeMap<String, String>;

/// Names all of a model.
///
/// # Errors
/// When a template is wrong, or the language has no way to say a name.
pub(crate) fn name(model: &mut Model, language: &'static Language) -> Result<TypeNames, BindingsError> {
    let reserved = Reserved::of(language)?;
    can_be_said(model, language)?;
    Ok(assign(model, language, &reserved))
}

/// Names the model that shows what a template has, for which nothing is reserved yet.
fn name_freely(model: &mut Model, language: &'static Language) -> Result<TypeNames, Error> {
    Ok(assign(model, language, &Reserved::default()))
}

fn assign(model: &mut Model, language: &'static Language, reserved: &Reserved) -> TypeNames {
    let manner = &language.manner;
    let mut module = Scope::new(language, &reserved.module);
    // What all contracts have comes first, so that it keeps its name whatever else there is.
    module.name_members(&mut model.errors, &manner.members, None, &reserved.variants);
    let names: Vec<_> = model.types.iter().map(|named| named.name.as_str()).collect();
    let names = module.assign(&names, manner.types, manner.type_declares, "");
    for (named, name) in model.types.iter_mut().zip(names) {
        named.ident = name;
    }
    let names: Vec<_> = model.functions.iter().map(|function| function.name.as_str()).collect();
    let names = module.assign(&names, manner.functions, manner.function_declares, "");
    for (function, name) in model.functions.iter_mut().zip(names) {
        function.ident = name;
    }
    for named in &mut model.types {
        match &mut named.definition {
            Definition::Record { fields } => {
                let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
                let names = match manner.fields {
                    Some(case) => Scope::new(language, &reserved.members).assign(&names, case, &["{}"], ""),
                    None => names.into_iter().map(str::to_owned).collect(),
                };
                for (field, name) in fields.iter_mut().zip(names) {
                    field.ident = name;
                }
            }
            Definition::Enumeration { members } => {
                module.name_members(members, &manner.members, Some(&named.ident), &reserved.variants);
            }
        }
    }
    model.types.iter().map(|named| (named.name.clone(), named.ident.clone())).collect()
}

/// Names that must differ.
struct Scope<'a> {
    language: &'static Language,
    reserved: &'a BTreeSet<String>,
    used: BTreeSet<String>,
}

impl<'a> Scope<'a> {
    fn new(language: &'static Language, reserved: &'a BTreeSet<String>) -> Self {
        Self { language, reserved, used: BTreeSet::new() }
    }

    /// Names the values of an enumeration, or the error codes.
    fn name_members(
        &mut self,
        members: &mut [Member],
        manner: &Members,
        owner: Option<&str>,
        variants: &BTreeSet<String>,
    ) {
        let values: Vec<_> = members.iter().map(|member| member.value.as_str()).collect();
        let names = match manner {
            Members::Unnamed => return,
            Members::Inside(case) => Scope::new(self.language, variants).assign(&values, *case, &["{}"], ""),
            Members::Beside(case, of_type, of_error) => {
                let declared = if owner.is_some() { of_type } else { of_error };
                self.assign(&values, *case, &[declared], owner.unwrap_or_default())
            }
        };
        for (member, name) in members.iter_mut().zip(names) {
            member.ident = name;
        }
    }

    /// A name for each, in their order. Which of several gets the plain one depends on their names alone.
    fn assign(&mut self, names: &[&str], case: Case, declares: &[&str], owner: &str) -> Vec<String> {
        // The plainest first, which is what its name says already.
        let strange =
            |name: &str| name.chars().filter(|character| !matches!(character, 'a'..='z' | '0'..='9' | '_')).count();
        let mut order: Vec<_> = (0..names.len()).collect();
        order.sort_by_key(|&at| (strange(names[at]), names[at]));
        let mut assigned = vec![String::new(); names.len()];
        let mut siblings = BTreeSet::new();
        for at in order {
            assigned[at] = self.find(names[at], case, declares, owner, &siblings);
            siblings.insert(case.of(names[at]));
        }
        assigned
    }

    fn find(&mut self, name: &str, case: Case, declares: &[&str], owner: &str, siblings: &BTreeSet<String>) -> String {
        let declared = |name: &str| -> Vec<String> {
            let owner = if case == Case::Screaming { owner.to_uppercase() } else { owner.to_owned() };
            declares.iter().map(|pattern| pattern.replace("{}", name).replace("<>", &owner)).collect()
        };
        let is_reserved = |name: &String| self.reserved.contains(name) || self.language.is_word(name);
        let plain = case.of(name);
        let explicit = case.explicitly(name);
        // Spelling it out tells it apart from another of its kind that is written otherwise, and from nothing else.
        let first = [plain.clone()].into_iter().chain((!siblings.contains(&plain)).then(|| format!("{plain}_")));
        let further = (2..).map(|count: u32| format!("{explicit}_{count}"));
        let candidates = first.chain([explicit.clone(), format!("{explicit}_")]).chain(further);
        for candidate in candidates {
            let declared = declared(&candidate);
            if declared.iter().any(|name| is_reserved(name) || self.used.contains(name)) {
                continue;
            }
            self.used.extend(declared);
            return candidate;
        }
        unreachable!("there is always a further number")
    }
}

/// Go's `encoding/json` knows some characters in the tag of a field and passes over a tag with others.
fn can_be_said(model: &Model, language: &Language) -> Result<(), BindingsError> {
    if language.syntax != Syntax::Go {
        return Ok(());
    }
    let is_known = |character: char| {
        character.is_ascii_alphanumeric()
            || "!#$%&()*+-./:;<=>?@[]^_{|}~ ".contains(character)
            || (!character.is_ascii() && (character.is_lowercase() || character.is_uppercase()))
            || matches!(character, '\u{5d0}'..='\u{5ea}' | '\u{620}'..='\u{64a}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
    };
    for named in &model.types {
        let Definition::Record { fields } = &named.definition else { continue };
        for field in fields {
            if field.name.is_empty() || !field.name.chars().all(is_known) {
                return Err(BindingsError::Member {
                    owner: named.name.clone(),
                    member: field.name.clone(),
                    language: language.title,
                });
            }
        }
    }
    Ok(())
}
