CREATE TABLE notes (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    pin TEXT,
    changed_at INTEGER NOT NULL
) STRICT;
