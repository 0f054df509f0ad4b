use hostfn::HostState;

/// What the warehouse decides, and no plugin.
#[derive(Clone, Copy, Debug, HostState)]
pub struct Rules {
    /// The most of a product that one reservation is for.
    pub most_at_once: i32,
    /// How long goods are kept for who reserved them.
    pub hold_seconds: u32,
    /// A product of which less is available is short.
    pub short_below: i32,
}

impl Default for Rules {
    fn default() -> Self {
        Self { most_at_once: 1000, hold_seconds: 15 * 60, short_below: 10 }
    }
}
