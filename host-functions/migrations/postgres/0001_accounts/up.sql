-- Texts are compared by their bytes, as on SQLite: a collation of the server's could change with its version, and
-- with it which keys are equal.
CREATE TABLE users (
    uuid uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    email_key text COLLATE "C" NOT NULL UNIQUE,
    email_verified boolean NOT NULL,
    password_hash text NOT NULL,
    avatar text,
    bio text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
COMMENT ON TABLE users IS 'Accounts.';
COMMENT ON COLUMN users.email IS 'The address as its user wrote it.';
COMMENT ON COLUMN users.email_key IS
    'The address in lower case by Unicode''s rules, as the host makes it: what makes an address unique whatever its case.';
COMMENT ON COLUMN users.password_hash IS 'A PHC string or a bcrypt string, never a password.';
COMMENT ON COLUMN users.avatar IS 'Null when the user has none.';
COMMENT ON COLUMN users.bio IS 'Null when the user has none.';

CREATE TABLE sessions (
    id_sha256 bytea NOT NULL PRIMARY KEY CHECK (octet_length(id_sha256) = 32),
    user_uuid uuid NOT NULL REFERENCES users (uuid) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_of_user ON sessions (user_uuid);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
COMMENT ON TABLE sessions IS 'Who is signed in.';
COMMENT ON COLUMN sessions.id_sha256 IS
    'The SHA-256 of the session id, which is a secret: who reads the database can use none.';
COMMENT ON COLUMN sessions.expires_at IS 'By the host''s clock; from then on the session is gone, removed or not.';

CREATE TABLE email_verification_tokens (
    token_sha256 bytea NOT NULL PRIMARY KEY CHECK (octet_length(token_sha256) = 32),
    user_uuid uuid NOT NULL REFERENCES users (uuid) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX email_verification_tokens_of_user ON email_verification_tokens (user_uuid);
COMMENT ON TABLE email_verification_tokens IS 'Tokens that show that somebody receives e-mail at their address.';
COMMENT ON COLUMN email_verification_tokens.token_sha256 IS
    'The SHA-256 of the token, which is a secret: who reads the database can use none.';

CREATE TABLE password_reset_tokens (
    token_sha256 bytea NOT NULL PRIMARY KEY CHECK (octet_length(token_sha256) = 32),
    user_uuid uuid NOT NULL REFERENCES users (uuid) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX password_reset_tokens_of_user ON password_reset_tokens (user_uuid);
COMMENT ON TABLE password_reset_tokens IS 'Tokens that let somebody who forgot their password choose another.';
COMMENT ON COLUMN password_reset_tokens.token_sha256 IS
    'The SHA-256 of the token, which is a secret: who reads the database can use none.';
