use std::sync::Arc;

use hostfn_runtime::{Clock, Database, EntropySource, HostError, PluginManager, PluginManagerBuilder};

use crate::{
    database::TableRows,
    recorder::Recorder,
    schema::Schemas,
    script::Script,
    template,
    test_database::{TemporaryDatabase, TestDatabase},
    transcript::Transcript,
};

/// When a test's clock stands, until the test moves it.
const START: &str = "2026-01-02T03:04:05Z";

/// Why a host for a test cannot be made.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A host with a database of its own, a clock that stands still, and randomness that is the same in every
/// run: what a test in Rust and a scenario have in common.
pub(crate) struct Fixture {
    pub(crate) manager: PluginManager,
    pub(crate) clock: Clock,
    pub(crate) script: Arc<Script>,
    pub(crate) recorder: Arc<Recorder>,
    database: Database,
    empty: TableRows,
    // Dropped last, when nothing here is connected to it any more.
    _temporary: TemporaryDatabase,
}

impl Fixture {
    pub(crate) fn new(on: TestDatabase, host: PluginManagerBuilder) -> Result<Self, Failure> {
        let temporary = template::migrated(on, host.registries())?;
        let database = Database::open(temporary.url())?;
        let clock = Clock::fixed(START.parse()?);
        let script = Arc::new(Script::new(clock.clone()));
        let recorder = Arc::new(Recorder::new(script.clone(), Schemas::of(host.registries())));
        let manager = host
            .database(database.clone())
            .clock(clock.clone())
            .entropy(EntropySource::seeded(1))
            .observer(recorder.clone())
            .interceptor(script.clone())
            .build()?;
        let empty = TableRows::read(&database).map_err(internal)?;
        Ok(Self { manager, clock, script, recorder, database, empty, _temporary: temporary })
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The rows that were there first, which migrations left, with the tables and their columns.
    pub(crate) fn empty_rows(&self) -> &TableRows {
        &self.empty
    }

    /// All rows of all tables, as they stand now.
    pub(crate) fn rows(&self) -> Result<TableRows, Failure> {
        TableRows::read(&self.database).map_err(internal)
    }

    /// All that was said and done since the host was made.
    pub(crate) fn transcript(&self) -> Result<Transcript, Failure> {
        self.transcript_since(0, &self.empty)
    }

    /// What was said from there on, and what became of the rows.
    pub(crate) fn transcript_since(&self, position: usize, before: &TableRows) -> Result<Transcript, Failure> {
        let effect = before.effect(&self.rows()?);
        Ok(Transcript::new(self.recorder.since(position), effect, self.recorder.redactor.renumbered()))
    }
}

/// What the log would say of an error, for somebody who reads no log: the author of the test.
pub(crate) fn internal(error: HostError) -> Failure {
    match std::error::Error::source(&error) {
        Some(source) => source.to_string().into(),
        None => error.message().into(),
    }
}
