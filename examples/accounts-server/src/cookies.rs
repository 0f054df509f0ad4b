//! The session, in a cookie that scripts cannot read and other sites cannot send.

use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use hostfn::Timestamp;
use time::OffsetDateTime;

/// Makes and reads the cookie with the id of a session.
///
/// `HttpOnly`: a script that somebody smuggled into a page cannot read it. `SameSite=Lax`: another site's forms and
/// scripts do not bring it along. `Secure`, and the prefix `__Host-`, with which browsers take the cookie only over TLS,
/// for this host alone, and for no folder of it: nobody on a neighbouring domain can put one there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionCookies {
    /// Whether it is sent over TLS only.
    pub(crate) is_secure: bool,
}

impl SessionCookies {
    fn name(self) -> &'static str {
        if self.is_secure { "__Host-session" } else { "session" }
    }

    /// The id of the session that the visitor says to have.
    pub(crate) fn read(self, jar: &CookieJar) -> Option<&str> {
        jar.get(self.name()).map(Cookie::value)
    }

    /// The cookie of a session that was begun, which the browser forgets when the host does.
    pub(crate) fn begin(self, jar: CookieJar, session_id: String, expires_at: Timestamp) -> CookieJar {
        let mut cookie = self.cookie(session_id);
        let seconds = expires_at.microseconds().div_euclid(1_000_000);
        cookie.set_expires(OffsetDateTime::from_unix_timestamp(seconds).ok());
        jar.add(cookie)
    }

    /// The cookie of a session that is over.
    pub(crate) fn end(self, jar: CookieJar) -> CookieJar {
        let mut cookie = self.cookie(String::new());
        cookie.make_removal();
        jar.add(cookie)
    }

    fn cookie(self, value: String) -> Cookie<'static> {
        let cookie = Cookie::build((self.name(), value)).path("/").http_only(true).same_site(SameSite::Lax);
        cookie.secure(self.is_secure).build()
    }
}
