CREATE TABLE products (
    sku TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    available INTEGER NOT NULL CHECK (available >= 0)
) STRICT;

CREATE TABLE reservations (
    id TEXT NOT NULL PRIMARY KEY,
    sku TEXT NOT NULL REFERENCES products (sku),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    plugin TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- What has expired is found by its time.
CREATE INDEX reservations_by_expiry ON reservations (expires_at);
