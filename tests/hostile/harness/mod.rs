//! What runs the cases: what a case is, the host that it meets, and the processes with their bounds.

pub(crate) mod case;
pub(crate) mod child;
pub(crate) mod functions;
pub(crate) mod guest;
pub(crate) mod log;
pub(crate) mod pace;
pub(crate) mod parent;
pub(crate) mod process;
pub(crate) mod report;
pub(crate) mod world;
