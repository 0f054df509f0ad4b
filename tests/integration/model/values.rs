//! The few values that calls are made of.

/// An e-mail address, and what tells it from others: written down, so that no code of the host decides it.
pub(super) struct Address {
    pub(super) text: &'static str,
    pub(super) key: &'static str,
}

pub(super) const ADDRESSES: [Address; 7] = [
    Address { text: "ada@example.com", key: "ada@example.com" },
    Address { text: "Ada@Example.COM", key: "ada@example.com" },
    Address { text: "ada+mail@example.com", key: "ada+mail@example.com" },
    Address { text: "a.da@example.com", key: "a.da@example.com" },
    Address { text: "bob@example.com", key: "bob@example.com" },
    Address { text: "BOB@example.com", key: "bob@example.com" },
    Address { text: "carol@example.com", key: "carol@example.com" },
];

/// UUIDs that guests bring.
pub(super) const UUIDS: [&str; 3] = [
    "67e55044-10b1-426f-9247-bb680e5fe0c8",
    "0192a5d0-7c1e-7000-8000-000000000001",
    "ffffffff-ffff-4fff-bfff-fffffffffffe",
];

/// Tokens that guests bring; they differ in case, and the last is the longest that there is.
pub(super) const TOKENS: [&str; 4] = [
    "a-token-of-a-guest",
    "A-TOKEN-OF-A-GUEST",
    "0123456789_-abcdef",
    "tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt",
];

pub(super) const HASHES: [&str; 2] = [
    "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$RGb4QDWADbw8yrC1Hth+3A",
    "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
];

pub(super) const NAMES: [&str; 3] = ["Ada Lovelace", " Ä é 漢字 🎉 ", "Robert'); DROP TABLE users;--"];

/// Avatars and bios alike.
pub(super) const TEXTS: [&str; 3] = ["https://example.com/ada.png", "it's \"quoted\" \\ %_", "é"];

/// Lifetimes, from the shortest to the longest; a wait of as long, or a little less, is drawn too.
pub(super) const LIFETIMES: [u32; 4] = [1, 60, 3600, 34_560_000];
