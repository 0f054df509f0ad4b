CREATE TABLE hostfn_answers (
    key_sha256 bytea NOT NULL PRIMARY KEY CHECK (octet_length(key_sha256) = 32),
    input_sha256 bytea NOT NULL CHECK (octet_length(input_sha256) = 32),
    nonce bytea NOT NULL CHECK (octet_length(nonce) = 24),
    answer bytea,
    created_at timestamptz NOT NULL
);
CREATE INDEX hostfn_answers_by_age ON hostfn_answers (created_at);
COMMENT ON TABLE hostfn_answers IS
    'The answers of idempotent plugin calls. Who reads the database learns neither keys nor answers.';
COMMENT ON COLUMN hostfn_answers.answer IS
    'Encrypted with what only the holder of the key knows. Null while the call runs, which nobody else sees.';
