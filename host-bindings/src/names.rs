//! Names that differ in the contract and do not in a language, where each is written in its manner.

use std::collections::BTreeMap;

use crate::{
    BindingsError, Language,
    languages::helpers::words,
    types::{Definition, Model},
};

/// Fails where two types, two functions or two fields of a record would get one name.
pub(crate) fn are_distinct(model: &Model, language: &Language) -> Result<(), BindingsError> {
    let types: Vec<_> = model.types.iter().map(|named| named.name.as_str()).collect();
    let functions: Vec<_> = model.functions.iter().map(|function| function.name.as_str()).collect();
    if language.shares_names {
        distinct([&types[..], &functions].concat(), "the contract")?;
    }
    distinct(types, "the contract")?;
    distinct(functions, "the contract")?;
    model.types.iter().try_for_each(|named| {
        let members = match &named.definition {
            Definition::Record { fields } => fields.iter().map(|field| field.name.as_str()).collect(),
            Definition::Enumeration { members } => members.iter().map(|member| member.value.as_str()).collect(),
        };
        distinct(members, &named.name)
    })
}

fn distinct(names: Vec<&str>, owner: &str) -> Result<(), BindingsError> {
    let mut met = BTreeMap::new();
    for name in names {
        if let Some(other) = met.insert(words(name).concat().to_lowercase(), name) {
            let (one, other, owner) = (other.to_owned(), name.to_owned(), owner.to_owned());
            return Err(BindingsError::SameName { one, other, owner });
        }
    }
    Ok(())
}
