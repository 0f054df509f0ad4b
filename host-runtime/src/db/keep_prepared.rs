use diesel::{
    RunQueryDsl,
    backend::Backend,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::QueryResult,
};

/// Lets a connection keep a statement prepared that diesel would prepare anew each time: an `UPDATE`, and SQL in text.
///
/// Diesel fears that there are too many of them: each set of fields that an update changes is a statement of its own. They
/// are found again by their SQL, and stay prepared as long as the connection is open. So it is for statements of which
/// there is a handful, and whose values are bound and not a part of the text.
///
/// It serves statements that answer rows. An `UPDATE` does when it has a `RETURNING`; what is run by `execute` is prepared
/// anew all the same.
///
/// ```
/// # use hostfn_runtime as hostfn;
/// use diesel::prelude::*;
/// use hostfn::{DbConnection, KeepPrepared, on_backend};
///
/// diesel::table! { notes (id) { id -> Integer, text -> Text } }
///
/// fn rewrite(db: &mut DbConnection, id: i32, text: &str) -> QueryResult<i32> {
///     on_backend!(db, |connection| {
///         diesel::update(notes::table.find(id))
///             .set(notes::text.eq(text))
///             .returning(notes::id)
///             .keep_prepared()
///             .get_result(connection)
///     })
/// }
/// ```
pub trait KeepPrepared: Sized {
    /// The same statement, which stays prepared.
    fn keep_prepared(self) -> Kept<Self>;
}

impl<Q: Query> KeepPrepared for Q {
    fn keep_prepared(self) -> Kept<Self> {
        Kept(self)
    }
}

/// A statement that stays prepared: see [`KeepPrepared`].
#[derive(Clone, Copy, Debug)]
pub struct Kept<Q>(Q);

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Kept<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _backend: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

/// It is found again by its SQL, and not by its type: one type may have several.
impl<Q> QueryId for Kept<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Kept<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, Conn> RunQueryDsl<Conn> for Kept<Q> {}
