//! The faults, one file each or one file a family.

mod busy;
mod connection_lost;
mod disk_full;
mod file_unusable;
mod fsync;
mod hanging_statement;
mod kill_writer;
mod many_hosts;
pub(crate) mod panics;
mod postgres_restart;
mod single_use_tokens;
mod stopped_atomic;
mod torn_wal;

use crate::{Backend, Fault};

const BOTH: &[Backend] = &[Backend::Sqlite, Backend::Postgres];
const SQLITE: &[Backend] = &[Backend::Sqlite];
const POSTGRES: &[Backend] = &[Backend::Postgres];

/// All faults, in the order in which they are tried.
pub const FAULTS: &[Fault] = &[
    Fault { name: "kill_writer", backends: BOTH, run: kill_writer::run },
    Fault { name: "stopped_atomic", backends: BOTH, run: stopped_atomic::run },
    Fault { name: "torn_wal", backends: SQLITE, run: torn_wal::run },
    Fault { name: "disk_full", backends: SQLITE, run: disk_full::run },
    Fault { name: "read_only_file", backends: SQLITE, run: file_unusable::read_only },
    Fault { name: "no_database", backends: SQLITE, run: file_unusable::no_database },
    Fault { name: "single_use_tokens", backends: BOTH, run: single_use_tokens::run },
    Fault { name: "hanging_statement", backends: BOTH, run: hanging_statement::run },
    Fault { name: "panics", backends: BOTH, run: panics::run },
    Fault { name: "many_hosts", backends: BOTH, run: many_hosts::run },
    Fault { name: "busy_beyond_the_wait", backends: BOTH, run: busy::beyond_the_wait },
    Fault { name: "pool_empty", backends: BOTH, run: busy::pool_empty },
    Fault { name: "connection_lost", backends: POSTGRES, run: connection_lost::run },
    Fault { name: "postgres_restart", backends: POSTGRES, run: postgres_restart::run },
    Fault { name: "postgres_failover", backends: POSTGRES, run: postgres_restart::failover },
    Fault { name: "fsync", backends: SQLITE, run: fsync::run },
];
