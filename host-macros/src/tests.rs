//! What the macro makes of some functions, and the names that it takes.
//!
//! The snapshots are the whole output after the function itself. Everything that is not in them is
//! generic code of the framework.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{
    ast::Item,
    host_function,
    names::{in_pascal_case, is_import},
};

/// Less than this is generated beside an ordinary function: what is more belongs in the framework.
const TOO_MANY_LINES: usize = 45;

fn expansion_of_an_ordinary_one(options: TokenStream, function: TokenStream) -> String {
    let input = formatted(function.clone());
    let output = expansion(options, function);
    let added = output.lines().count() - input.lines().count();
    assert!(added < TOO_MANY_LINES, "{added} lines:\n{output}");
    output
}

fn expansion(options: TokenStream, function: TokenStream) -> String {
    formatted(host_function(options, function))
}

fn formatted(tokens: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(tokens).unwrap())
}

#[test]
fn a_function_with_fields_expands() {
    let options = quote!(permission = "users:read", read_only);
    let output = expansion_of_an_ordinary_one(
        options,
        quote! {
            /// Finds a user by e-mail address; `null` when there is none.
            pub fn db_get_user_by_email(
                db: &mut DbConnection,
                caller: &Caller,
                /// Whatever its case.
                email: Email,
            ) -> Result<Option<User>, HostError> {
                users::by_email(db, caller, email)
            }
        },
    );
    insta::assert_snapshot!(output);
}

#[test]
fn a_function_with_everything_expands() {
    let options = quote!(
        name = "find_users",
        namespace = "my_app",
        permission = "users:read",
        read_only,
        errors(conflict, not_found),
        deprecated = "call list_users"
    );
    let output = expansion(
        options,
        quote! {
            /// Finds users.
            ///
            /// At most `limit` of them.
            #[cfg(feature = "users")]
            #[deprecated]
            pub(crate) fn find(
                db: &mut DbConnection,
                /// What time it is.
                clock: &Clock,
                /// A part of the name.
                #[serde(alias = "named")] name: String,
                caller: &Caller,
                #[expect(unused)] bio: Patch<String>,
                mut r#limit: Option<u32>,
            ) -> Result<Vec<User>, HostError> {
                users::find(db, clock, name)
            }
        },
    );
    insta::assert_snapshot!(output);
}

#[test]
fn a_function_with_one_request_expands() {
    let output = expansion_of_an_ordinary_one(
        quote!(permission = "users:write"),
        quote! {
            /// Creates a user.
            pub fn create_user(db: &mut DbConnection, Json(request): Json<CreateUser>) -> QueryResult<User> {
                users::create(db, request)
            }
        },
    );
    insta::assert_snapshot!(output);
}

#[test]
fn a_function_with_nothing_expands() {
    let output = expansion_of_an_ordinary_one(
        quote!(),
        quote! {
            /// Does nothing.
            fn nothing() {}
        },
    );
    insta::assert_snapshot!(output);
}

#[test]
fn a_function_with_mistakes_is_a_function_still() {
    let output = host_function(
        quote!(nmae = "find"),
        quote! {
            /// Finds.
            fn find(#[validate(email)] #[allow(unused)] name: String) -> bool { weird ~ tokens }
        },
    );
    let item: Item = syn::parse2(output).unwrap();
    let input = &item.signature.inputs;
    assert_eq!(quote!(#input).to_string(), quote!(#[allow(unused)] name: String).to_string());
    let body = item.body.to_string();
    assert!(body.starts_with("{ weird ~ tokens }"), "{body}");
    assert_eq!(body.matches("compile_error").count(), 2, "{body}");
}

#[test]
fn imports_are_identifiers() {
    for name in ["a", "_", "$", "db_get_user", "dbGetUser2", "A$1"] {
        assert!(is_import(name), "{name}");
    }
    for name in ["", "2a", "a-b", "a b", "größe", "a:b"] {
        assert!(!is_import(name), "{name}");
    }
}

#[test]
fn a_request_is_named_by_its_function() {
    for (name, pascal) in [("db_get_user", "DbGetUser"), ("dbGetUser", "DbGetUser"), ("_a$b__c2", "ABC2")] {
        assert_eq!(in_pascal_case(name), pascal);
    }
}
