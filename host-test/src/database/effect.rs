use std::fmt::{self, Write};

use hostfn_runtime::Redactor;
use serde_json::Value;

use super::Row;

/// The difference between the rows before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseEffect {
    pub(super) changes: Vec<Change>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) table: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Added(Row),
    Changed { key: Row, columns: Vec<(String, Value, Value)> },
    Removed(Row),
}

impl DatabaseEffect {
    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub(crate) fn render(&self, out: &mut String, redactor: &Redactor) -> fmt::Result {
        if self.is_empty() {
            return out.write_str("unchanged");
        }
        for Change { table, kind } in &self.changes {
            match kind {
                Kind::Added(row) => row_lines(out, "added to", table, row, redactor)?,
                Kind::Removed(row) => row_lines(out, "removed from", table, row, redactor)?,
                Kind::Changed { key, columns } => {
                    let key: Vec<_> =
                        key.iter().map(|(name, value)| format!("{name} {}", redactor.redact(value))).collect();
                    writeln!(out, "changed in {table}, {}", key.join(", "))?;
                    for (column, old, new) in columns {
                        writeln!(out, "  {column}: {} -> {}", redactor.redact(old), redactor.redact(new))?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn row_lines(out: &mut String, what: &str, table: &str, row: &Row, redactor: &Redactor) -> fmt::Result {
    writeln!(out, "{what} {table}")?;
    row.iter().try_for_each(|(column, value)| writeln!(out, "  {column}: {}", redactor.redact(value)))
}
