use hostfn::{Change, HostError, HostState, Patch, host_fn};

hostfn::registry!();

type Answer = u32;
type AppResult<T> = Result<T, HostError>;

#[derive(HostState)]
struct Clock;

/// Takes types by path, and answers with an alias.
#[host_fn]
fn paths(
    _clock: &crate::Clock,
    mut name: std::string::String,
    bio: hostfn::Patch<String>,
    #[serde(default = "ann")] first: Change<String>,
    #[expect(unused_variables, reason = "lints stay")] last: Option<std::borrow::Cow<'static, str>>,
) -> AppResult<Answer> {
    name.clear();
    let _ = (bio, first);
    Ok(1)
}

fn ann() -> Change<String> {
    Change::Set("Ann".to_owned())
}

/// Answers with what lives as long as the program.
#[host_fn]
fn fixed() -> Result<&'static str, HostError> {
    Ok("fixed")
}

/// Reads a field in a way of its own, in which it tells what is absent from `null`.
#[host_fn]
fn own_way(
    #[serde(default, deserialize_with = "twice")]
    #[schemars(with = "Option<String>")]
    nick: Option<Option<Nick>>,
) -> bool {
    nick.is_some_and(|nick| nick.is_none_or(|nick| nick.0.is_empty()))
}

struct Nick(String);

fn twice<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Nick>>, D::Error> {
    serde::Deserialize::deserialize(deserializer).map(|nick: Option<String>| Some(nick.map(Nick)))
}

mod within {
    pub mod deeper {
        /// Stands in a module.
        #[hostfn::host_fn]
        pub fn deep() -> Option<bool> {
            None
        }
    }
}

/// Comes out of a declarative macro, which hands on types and texts in groups.
macro_rules! made {
    ($name:ident, $permission:literal, $documentation:expr, $borrowed:ty, $value:ty) => {
        #[doc = $documentation]
        #[host_fn(permission = $permission)]
        fn $name(borrowed: $borrowed, value: $value) -> $value {
            let _ = borrowed;
            value
        }
    };
}
made!(made, "made:up", "Is made.", &Clock, Option<u32>);

fn main() {
    let _ = Patch::<u8>::Keep;
    let names: Vec<_> = registry().iter().map(|function| function.name).collect();
    assert_eq!(names, ["deep", "fixed", "made", "own_way", "paths"]);
}
