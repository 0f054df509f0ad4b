-- So that a cleanup finds what has expired without reading the whole table, as `sessions_by_expiry` does.
CREATE INDEX email_verification_tokens_by_expiry ON email_verification_tokens (expires_at);
CREATE INDEX password_reset_tokens_by_expiry ON password_reset_tokens (expires_at);
