//! Requests, as visitors and as those who mean no good make them. The walk through everything is `tests/walk.rs`.

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header},
};
use hostfn::{Clock, Database, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::{
    accounts::Accounts, cleanup, cookies::SessionCookies, host, metrics, metrics::Metrics, outbox::Outbox, routes,
    routes::App,
};

const EMAIL: &str = "k@example.com";
const PASSWORD: &str = "correct horse";

/// A server without its listener.
struct Server {
    visitors: Router,
    metrics: Router,
    database: Database,
    folder: TempDir,
}

/// What came back.
struct Answer {
    status: StatusCode,
    set_cookie: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("it is JSON")
    }

    fn code(&self) -> String {
        self.json()["error"]["code"].as_str().expect("it is an error").to_owned()
    }

    /// The cookie as a browser sends it back.
    fn cookie(&self) -> String {
        let cookie = self.set_cookie.as_deref().expect("a cookie is set");
        cookie.split(';').next().expect("a text has a beginning").to_owned()
    }
}

impl Server {
    fn new() -> Self {
        Self::with(Clock::system(), true)
    }

    fn with(clock: Clock, is_secure: bool) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let database = Database::open("sqlite::memory:").expect("a database in memory opens");
        let metrics = Arc::new(Metrics::new().expect("no name is twice"));
        let manager = host(&metrics).database(database.clone()).clock(clock).build().expect("it lacks nothing");
        let app = App {
            accounts: Accounts::load(&manager, Duration::from_secs(120)).expect("the plugin lacks nothing"),
            outbox: Arc::new(Outbox::open(folder.path().to_owned()).expect("the folder is there")),
            cookies: SessionCookies { is_secure },
            metrics: metrics.clone(),
        };
        Self { visitors: routes::router(app), metrics: metrics::router(metrics), database, folder }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.visitors.clone().oneshot(request).await.expect("a router does not fail");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let set_cookie = response.headers().get(header::SET_COOKIE);
        let set_cookie = set_cookie.map(|cookie| cookie.to_str().expect("it is ASCII").to_owned());
        let status = response.status();
        Answer {
            status,
            set_cookie,
            body: to_bytes(response.into_body(), 1 << 20).await.expect("it is short").to_vec(),
        }
    }

    async fn ask(&self, method: Method, path: &str, cookie: &str, body: Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("it is a request")).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, "", body).await
    }

    /// The mails, in the order in which they were put there.
    fn mails(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder is there");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("it can be read").path()).collect();
        paths.sort();
        paths.into_iter().map(|path| fs::read_to_string(path).expect("it is a text")).collect()
    }

    fn last_token(&self) -> String {
        let mail = self.mails().pop().expect("there is a mail");
        mail.rsplit("Token: ").next().expect("a text has an end").trim().to_owned()
    }

    async fn sign_up(&self, email: &str) {
        let answer = self.post("/accounts", json!({"name": "Kay", "email": email, "password": PASSWORD})).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        let answer = self.post("/accounts/verify", json!({"token": self.last_token()})).await;
        assert_eq!(answer.status, StatusCode::OK);
    }

    async fn sign_in(&self, email: &str) -> Answer {
        let answer = self.post("/session", json!({"email": email, "password": PASSWORD})).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer
    }
}

#[tokio::test]
async fn the_session_is_in_a_cookie_that_scripts_and_other_sites_do_not_get() {
    let clock = Clock::fixed("2026-01-02T03:04:05Z".parse::<Timestamp>().expect("it is a time"));
    for (is_secure, name, secure) in [(true, "__Host-session", "; Secure"), (false, "session", "")] {
        let server = Server::with(clock.clone(), is_secure);
        server.sign_up(EMAIL).await;
        let signed_in = server.sign_in(EMAIL).await;
        let cookie = signed_in.cookie();
        let id = cookie.strip_prefix(&format!("{name}=")).expect("it has this name");
        assert_eq!(
            signed_in.set_cookie.as_deref().expect("a cookie is set"),
            format!("{name}={id}; HttpOnly; SameSite=Lax{secure}; Path=/; Expires=Sun, 01 Feb 2026 03:04:05 GMT")
        );
        // And nowhere else, where a script could read it.
        assert_eq!(signed_in.json(), json!({"expires_at": "2026-02-01T03:04:05.000000Z"}));

        let ended = server.ask(Method::DELETE, "/session", &cookie, Value::Null).await;
        assert!(ended.set_cookie.expect("it is taken away").starts_with(&format!("{name}=; ")));
        assert_eq!(server.ask(Method::GET, "/me", &cookie, Value::Null).await.code(), "invalid_session");
    }
}

/// What a form of another site can send is not JSON, and says so.
#[tokio::test]
async fn what_does_not_say_that_it_is_json_is_not_done() {
    let server = Server::new();
    server.sign_up(EMAIL).await;
    let cookie = server.sign_in(EMAIL).await.cookie();
    let password = json!({"name": "Eve", "email": "eve@example.com", "password": PASSWORD});
    let requests = [
        (Method::POST, "/accounts", password),
        (Method::POST, "/accounts/verify", json!({"token": "x"})),
        (Method::POST, "/session", json!({"email": EMAIL, "password": PASSWORD})),
        (Method::PATCH, "/me", json!({"name": "Eve"})),
        (Method::POST, "/password-reset", json!({"email": EMAIL})),
        (Method::PUT, "/password-reset", json!({"token": "x", "password": PASSWORD})),
    ];
    for (method, path, body) in requests {
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
            let mut request = Request::builder().method(&method).uri(path).header(header::COOKIE, &cookie);
            if !content_type.is_empty() {
                request = request.header(header::CONTENT_TYPE, content_type);
            }
            let request = request.body(Body::from(body.to_string())).expect("it is a request");
            let answer = server.send(request).await;
            assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{method} {path} {content_type}");
            assert!(answer.set_cookie.is_none());
        }
    }
    assert_eq!(server.mails().len(), 1, "nobody signed up but the first, and nobody forgot a password");
    let me = server.ask(Method::GET, "/me", &cookie, Value::Null).await.json();
    assert_eq!(me["user"]["name"], "Kay");
}

#[tokio::test]
async fn a_body_is_an_object_of_a_bounded_size() {
    let server = Server::new();
    let large = server.post("/accounts", json!({"name": "x".repeat(20_000)})).await;
    assert_eq!((large.status, large.code()), (StatusCode::PAYLOAD_TOO_LARGE, "limit_exceeded".to_owned()));
    let list = server.post("/accounts", json!(["Ada"])).await;
    assert_eq!((list.status, list.code()), (StatusCode::BAD_REQUEST, "invalid_input".to_owned()));
    let unknown = server.post("/accounts", json!({"nmae": "Ada"})).await;
    assert_eq!((unknown.status, unknown.code()), (StatusCode::BAD_REQUEST, "invalid_input".to_owned()));
}

#[tokio::test]
async fn a_body_cannot_name_the_session_of_another() {
    let server = Server::new();
    server.sign_up(EMAIL).await;
    server.sign_up("eve@example.com").await;
    let (kay, eve) = (server.sign_in(EMAIL).await.cookie(), server.sign_in("eve@example.com").await.cookie());
    let id = kay.split_once('=').expect("it has a name").1;
    let body = json!({"session_id": id, "bio": "Eve was here"});
    let changed = server.ask(Method::PATCH, "/me", &eve, body.clone()).await.json();
    assert_eq!(changed["user"]["email"], "eve@example.com");
    assert_eq!(server.ask(Method::PATCH, "/me", "", body).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.ask(Method::GET, "/me", &kay, Value::Null).await.json()["user"]["bio"], Value::Null);
}

#[tokio::test]
async fn nobody_learns_who_has_an_account_by_forgetting_a_password() {
    let server = Server::new();
    server.sign_up(EMAIL).await;
    for email in [EMAIL, "nobody@example.com"] {
        let started = Instant::now();
        let answer = server.post("/password-reset", json!({"email": email})).await;
        assert_eq!((answer.status, answer.body.as_slice()), (StatusCode::ACCEPTED, &b""[..]), "{email}");
        assert!(started.elapsed() >= routes::FORGOTTEN, "{email}");
    }
    assert_eq!(server.mails().len(), 2);
}

/// U+212A, the sign for kelvin, is `k` in lower case: it finds the account, and is another mailbox.
#[tokio::test]
async fn a_mail_goes_to_the_address_of_the_account_and_not_to_one_that_is_like_it() {
    let server = Server::new();
    server.sign_up(EMAIL).await;
    server.post("/password-reset", json!({"email": "\u{212a}@example.com"})).await;
    let mails = server.mails();
    assert_eq!(mails.len(), 2);
    assert!(mails[1].starts_with("To: k@example.com\nSubject: A new password\n"), "{}", mails[1]);
}

#[tokio::test]
async fn a_new_password_ends_all_sessions() {
    let server = Server::new();
    server.sign_up(EMAIL).await;
    let cookie = server.sign_in(EMAIL).await.cookie();
    server.post("/password-reset", json!({"email": EMAIL})).await;
    let body = json!({"token": server.last_token(), "password": "battery staple"});
    let reset = server.ask(Method::PUT, "/password-reset", "", body.clone()).await;
    assert_eq!(reset.status, StatusCode::NO_CONTENT);
    assert_eq!(server.ask(Method::GET, "/me", &cookie, Value::Null).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.ask(Method::PUT, "/password-reset", "", body).await.code(), "invalid_token");
}

#[tokio::test]
async fn calls_are_counted_by_what_became_of_them() {
    let server = Server::new();
    server.sign_up(EMAIL).await;
    server.sign_in(EMAIL).await;
    server.post("/session", json!({"email": EMAIL, "password": "wrong horse"})).await;
    let request = Request::get("/metrics").body(Body::empty()).expect("it is a request");
    let page = server.metrics.clone().oneshot(request).await.expect("a router does not fail");
    let page = to_bytes(page.into_body(), 1 << 20).await.expect("it is short");
    let page = str::from_utf8(&page).expect("it is a text");
    for line in [
        r#"hostfn_host_calls_total{function="verify_password",outcome="success",plugin="auth"} 2"#,
        r#"hostfn_host_call_seconds_count{function="db_create_session",plugin="auth"} 1"#,
        r#"hostfn_plugin_calls_total{export="sign_in",outcome="failed",plugin="auth"} 1"#,
        r#"hostfn_plugin_calls_total{export="sign_in",outcome="success",plugin="auth"} 1"#,
        r#"hostfn_plugin_call_seconds_count{export="sign_in",plugin="auth"} 2"#,
        r#"http_responses_total{status="401"} 1"#,
    ] {
        assert!(page.lines().any(|counted| counted == line), "{line} is not in\n{page}");
    }
}

#[tokio::test]
async fn what_has_expired_is_removed() {
    let long_ago = Clock::fixed("2020-01-01T00:00:00Z".parse::<Timestamp>().expect("it is a time"));
    let server = Server::with(long_ago, true);
    server.sign_up(EMAIL).await;
    server.sign_in(EMAIL).await;
    assert_eq!(cleanup::once(&server.database).expect("the database is there"), 1);
    assert_eq!(cleanup::once(&server.database).expect("the database is there"), 0);
}
