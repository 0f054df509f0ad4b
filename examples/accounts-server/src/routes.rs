//! What visitors can ask for. Each route is one call of the plugin.
//!
//! Requests of other sites have no say here. The cookie is `SameSite=Lax`, so that they come without it; and a body must be
//! JSON and say so, which a form of a neighbouring domain cannot, nor a script without asking first, which is refused by
//! there being no CORS headers. The one request without a body that changes something is a `DELETE`, of which that is true
//! as well.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, FromRequest, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use axum_extra::extract::cookie::CookieJar;
use hostfn::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use crate::{
    accounts::{Accounts, Input, input},
    cookies::SessionCookies,
    failure::Failure,
    metrics::Metrics,
    outbox::{Mail, Outbox},
};

/// The largest body: a profile, with room to spare. The host looks at each field.
const BODY_BYTES: usize = 16 << 10;

/// How long it takes at least to answer who forgot their password. An account that is there takes a row and a mail, which
/// could be told from one that is not by the time.
pub(crate) const FORGOTTEN: Duration = Duration::from_millis(500);

/// What all requests share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) accounts: Accounts,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) cookies: SessionCookies,
    pub(crate) metrics: Arc<Metrics>,
}

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/accounts", post(sign_up))
        .route("/accounts/verify", post(verify_email))
        .route("/session", post(sign_in).delete(sign_out))
        .route("/me", get(who_am_i).patch(update_profile))
        .route("/password-reset", post(request_password_reset).put(reset_password))
        .fallback(async || Failure::new(StatusCode::NOT_FOUND, "not_found", "there is no such page"))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(middleware::from_fn_with_state(app.metrics.clone(), around))
        .with_state(app)
}

#[derive(Serialize, Deserialize)]
struct OfUser {
    user_uuid: String,
}

async fn sign_up(State(app): State<App>, Body(body): Body) -> Result<(StatusCode, Json<OfUser>), Failure> {
    #[derive(Deserialize)]
    struct SignedUp {
        user_uuid: String,
        verification_token: String,
    }
    // What there must be in the body is the plugin's to say.
    let email = body.get("email").and_then(Value::as_str).unwrap_or_default().to_owned();
    let SignedUp { user_uuid, verification_token } = app.accounts.call_atomic("sign_up", body).await?;
    app.mail(Mail::Verification, email, verification_token).await?;
    Ok((StatusCode::CREATED, Json(OfUser { user_uuid })))
}

async fn verify_email(State(app): State<App>, Body(body): Body) -> Result<Json<OfUser>, Failure> {
    Ok(Json(app.accounts.call_atomic("verify_email", body).await?))
}

/// The id of the session goes into the cookie, and nowhere else.
async fn sign_in(State(app): State<App>, jar: CookieJar, Body(body): Body) -> Result<Response, Failure> {
    #[derive(Deserialize)]
    struct SignedIn {
        session_id: String,
        expires_at: Timestamp,
    }
    let SignedIn { session_id, expires_at } = app.accounts.call("sign_in", body).await?;
    let answer = Json(serde_json::json!({"expires_at": expires_at}));
    Ok((app.cookies.begin(jar, session_id, expires_at), answer).into_response())
}

async fn sign_out(State(app): State<App>, jar: CookieJar) -> Result<Response, Failure> {
    if let Some(session_id) = app.cookies.read(&jar) {
        app.accounts.call::<Value>("sign_out", input("session_id", session_id)).await?;
    }
    // Twice is no failure: what was asked for is so.
    Ok((app.cookies.end(jar), StatusCode::NO_CONTENT).into_response())
}

async fn who_am_i(State(app): State<App>, jar: CookieJar) -> Result<Json<Value>, Failure> {
    let session_id = app.session_id(&jar)?;
    app.accounts.call("check_session", input("session_id", session_id)).await.map(Json)
}

async fn update_profile(State(app): State<App>, jar: CookieJar, Body(mut body): Body) -> Result<Json<Value>, Failure> {
    #[derive(Deserialize)]
    struct UpdatedProfile {
        user: Value,
        verification_token: Option<String>,
    }
    // The cookie's, whatever the body says.
    body.insert("session_id".to_owned(), app.session_id(&jar)?.into());
    let UpdatedProfile { user, verification_token } = app.accounts.call_atomic("update_profile", body).await?;
    if let Some(token) = verification_token {
        let email = user["email"].as_str().unwrap_or_default().to_owned();
        app.mail(Mail::Verification, email, token).await?;
    }
    Ok(Json(serde_json::json!({"user": user})))
}

/// Answers the same, and not sooner, whether somebody has this address or not.
async fn request_password_reset(State(app): State<App>, Body(body): Body) -> Result<StatusCode, Failure> {
    #[derive(Deserialize)]
    struct ResetRequested {
        reset_token: Option<String>,
    }
    let answered = Instant::now() + FORGOTTEN;
    let requested = async {
        let email = body.get("email").and_then(Value::as_str).and_then(|email| email.parse().ok());
        let ResetRequested { reset_token } = app.accounts.call_atomic("request_password_reset", body).await?;
        if let Some((token, email)) = reset_token.zip(email) {
            // To the address that the account has: the one that was written here may be another mailbox, with letters
            // that only look the same or are the same in lower case.
            let address = app.accounts.address_of(email).await?;
            app.mail(Mail::PasswordReset, address, token).await?;
        }
        Ok(StatusCode::ACCEPTED)
    };
    let outcome = requested.await;
    sleep_until(answered).await;
    outcome
}

async fn reset_password(State(app): State<App>, jar: CookieJar, Body(body): Body) -> Result<Response, Failure> {
    app.accounts.call_atomic::<Value>("reset_password", body).await?;
    // The plugin ended all sessions of the account.
    Ok((app.cookies.end(jar), StatusCode::NO_CONTENT).into_response())
}

impl App {
    fn session_id<'a>(&self, jar: &'a CookieJar) -> Result<&'a str, Failure> {
        let nobody = || Failure::new(StatusCode::UNAUTHORIZED, "invalid_session", "nobody is signed in; sign in first");
        self.cookies.read(jar).ok_or_else(nobody)
    }

    async fn mail(&self, mail: Mail, to: String, token: String) -> Result<(), Failure> {
        let outbox = self.outbox.clone();
        let put = tokio::task::spawn_blocking(move || outbox.put(mail, &to, &token)).await;
        put.map_err(std::io::Error::other).flatten().map_err(|error| {
            tracing::error!(?mail, %error, "a mail could not be put into the outbox");
            Failure::internal()
        })
    }
}

/// A body that is a JSON object and says that it is JSON.
struct Body(Input);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let Json(input) = Json::from_request(request, state).await?;
        Ok(Self(input))
    }
}

/// What is done around each request: a line in the log, without anything of what was said, and headers for answers that
/// are one visitor's alone.
async fn around(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let (started, method, path) = (Instant::now(), request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let (status, took) = (response.status().as_u16(), started.elapsed());
    metrics.answered(status);
    // As a debugging text, so that a path cannot have a line of its own in the log.
    tracing::info!(%method, ?path, status, ?took);
    response
}
