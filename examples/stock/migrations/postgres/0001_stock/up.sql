CREATE TABLE products (
    sku text NOT NULL PRIMARY KEY,
    name text NOT NULL,
    available integer NOT NULL CHECK (available >= 0)
);

CREATE TABLE reservations (
    id uuid NOT NULL PRIMARY KEY,
    sku text NOT NULL REFERENCES products (sku),
    quantity integer NOT NULL CHECK (quantity > 0),
    plugin text NOT NULL,
    expires_at timestamptz NOT NULL
);

-- What has expired is found by its time.
CREATE INDEX reservations_by_expiry ON reservations (expires_at);
