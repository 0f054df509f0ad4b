CREATE TABLE created_by (
    user_uuid uuid NOT NULL PRIMARY KEY REFERENCES users (uuid) ON DELETE CASCADE,
    plugin text NOT NULL
);
