-- STRICT: without it a text in an integer column is stored, and read back as 0.
CREATE TABLE users (
    uuid TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    -- The address in lower case by Unicode's rules, which SQLite's NOCASE does not know.
    email_key TEXT NOT NULL UNIQUE,
    email_verified INTEGER NOT NULL CHECK (email_verified IN (0, 1)),
    password_hash TEXT NOT NULL,
    avatar TEXT,
    bio TEXT,
    -- Times are microseconds since 1970 in UTC.
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- Of session identifiers and tokens only the SHA-256 is stored: who reads the database can use none.
CREATE TABLE sessions (
    id_sha256 BLOB NOT NULL PRIMARY KEY CHECK (length(id_sha256) = 32),
    user_uuid TEXT NOT NULL REFERENCES users (uuid) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_of_user ON sessions (user_uuid);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE email_verification_tokens (
    token_sha256 BLOB NOT NULL PRIMARY KEY CHECK (length(token_sha256) = 32),
    user_uuid TEXT NOT NULL REFERENCES users (uuid) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX email_verification_tokens_of_user ON email_verification_tokens (user_uuid);

CREATE TABLE password_reset_tokens (
    token_sha256 BLOB NOT NULL PRIMARY KEY CHECK (length(token_sha256) = 32),
    user_uuid TEXT NOT NULL REFERENCES users (uuid) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX password_reset_tokens_of_user ON password_reset_tokens (user_uuid);
