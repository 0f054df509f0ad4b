CREATE TABLE notes (
    id integer PRIMARY KEY,
    title text NOT NULL UNIQUE,
    text text NOT NULL,
    pin text,
    changed_at timestamptz NOT NULL
);
