-- The answers of idempotent plugin calls. Who reads the database learns neither keys nor answers.
CREATE TABLE hostfn_answers (
    key_sha256 BLOB NOT NULL PRIMARY KEY CHECK (length(key_sha256) = 32),
    input_sha256 BLOB NOT NULL CHECK (length(input_sha256) = 32),
    nonce BLOB NOT NULL CHECK (length(nonce) = 24),
    -- Encrypted with what only the holder of the key knows. Null while the call runs, which nobody else sees.
    answer BLOB,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX hostfn_answers_by_age ON hostfn_answers (created_at);
