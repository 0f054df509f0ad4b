use std::{fmt, sync::Arc};

use uuid::Uuid;

use crate::{Call, Grants, HostError, Inject, Resolver};

/// The id of one host call: the plugin call that it belongs to, and its place in it from 1.
///
/// It is in every error answer and in every log line, so that one leads to the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallId {
    /// The plugin call.
    pub plugin_call: Uuid,
    /// The how-many-eth host call of it.
    pub sequence: u32,
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.plugin_call, self.sequence)
    }
}

/// Who is calling: the proof that a host function is handed of what its caller may do.
///
/// A function takes it as `caller: &Caller`.
#[derive(Clone, Debug)]
pub struct Caller {
    // Shared, so that making a caller for each call costs one count.
    plugin: Arc<LoadedPlugin>,
    call_id: CallId,
}

#[derive(Debug)]
struct LoadedPlugin {
    name: String,
    grants: Grants,
}

impl Caller {
    /// A caller; the host makes one for each call. Tests that call a function as plain Rust make
    /// their own.
    pub fn new(plugin: impl Into<String>, grants: Grants, call_id: CallId) -> Self {
        Self { plugin: Arc::new(LoadedPlugin { name: plugin.into(), grants }), call_id }
    }

    /// The same plugin in another call.
    #[must_use]
    pub fn in_call(&self, call_id: CallId) -> Self {
        Self { plugin: self.plugin.clone(), call_id }
    }

    /// The name under which the plugin was loaded.
    pub fn plugin(&self) -> &str {
        &self.plugin.name
    }

    /// What the plugin was granted.
    pub fn grants(&self) -> &Grants {
        &self.plugin.grants
    }

    /// The id of this call.
    pub fn call_id(&self) -> CallId {
        self.call_id
    }

    /// Whether the plugin was granted `permission`.
    pub fn may(&self, permission: &str) -> bool {
        self.plugin.grants.covers(permission)
    }

    /// Refuses a plugin that was not granted `permission`.
    ///
    /// # Errors
    /// `permission_denied`, naming the permission to grant.
    pub fn authorise(&self, permission: &str) -> Result<(), HostError> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(HostError::permission_denied(format!(
                "plugin `{}` was not granted `{permission}`: grant it when the plugin is loaded",
                self.plugin()
            )))
        }
    }
}

impl Inject for Caller {
    type Resolved = ();

    fn resolve(_: &mut Resolver<'_>) -> Option<()> {
        Some(())
    }

    fn borrow<'a>((): &'a (), call: &'a Call<'_>) -> &'a Self {
        call.caller
    }
}
