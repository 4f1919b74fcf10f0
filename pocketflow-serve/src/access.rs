//! Who may talk to the server: only a person who has its address, from a page of this server.

use std::fmt::Write;
use std::hint::black_box;
use std::sync::{Arc, PoisonError, RwLock};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

/// A page runs only its own scripts, and nothing may put it into a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Headers of every answer, also of a refusal.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// What a request must have.
pub(crate) struct Access {
    token: String,
    /// The origins that this server has: `http://127.0.0.1:4477`. They are known when it listens.
    origins: RwLock<Vec<String>>,
    /// The name of the cookie. Servers on other ports of the same host share the cookies.
    cookie: RwLock<String>,
}

impl Access {
    pub(crate) fn new(token: String, origins: Vec<String>) -> Self {
        Self {
            token,
            origins: RwLock::new(origins),
            cookie: RwLock::new("pocketflow".to_owned()),
        }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The server listens on this port of the loopback address.
    pub(crate) fn listens(&self, port: u16) {
        let origins = ["127.0.0.1", "localhost", "[::1]"].map(|host| match port {
            80 => format!("http://{host}"),
            _ => format!("http://{host}:{port}"),
        });
        let mut known = self.origins.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(origins);
        *self.cookie.write().unwrap_or_else(PoisonError::into_inner) = format!("pocketflow-{port}");
    }

    fn cookie(&self) -> String {
        let cookie = self.cookie.read().unwrap_or_else(PoisonError::into_inner);
        cookie.clone()
    }

    fn is_own(&self, fits: impl Fn(&str) -> bool) -> bool {
        let origins = self.origins.read().unwrap_or_else(PoisonError::into_inner);
        origins.iter().any(|origin| fits(origin))
    }

    /// A page of another name that leads to this address, DNS rebinding, has another host.
    fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().unwrap_or_default().to_ascii_lowercase(),
            _ => return Err(Refusal::Host),
        };
        let authority = uri
            .authority()
            .map(|name| name.as_str().to_ascii_lowercase());
        let own = |host: &str| {
            self.is_own(|origin| origin.split_once("://").is_some_and(|(_, own)| own == host))
        };
        if !own(&host) || authority.is_some_and(|name| !own(&name)) {
            return Err(Refusal::Host);
        }
        Ok(())
    }

    /// A browser says which page makes a request.
    fn check_origin(&self, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let origin = text(header::ORIGIN);
        if origin.is_some_and(|origin| !self.is_own(|own| own.eq_ignore_ascii_case(origin))) {
            return Err(Refusal::Origin);
        }
        let fetch = |name| text(HeaderName::from_static(name));
        // A link on another page may lead here: the browser sends no cookie with it, and the page has no data.
        let is_navigation = *method == Method::GET
            && fetch("sec-fetch-mode") == Some("navigate")
            && fetch("sec-fetch-dest") == Some("document");
        match fetch("sec-fetch-site") {
            None | Some("same-origin" | "none") => {}
            Some(_) if is_navigation => {}
            Some(_) => return Err(Refusal::Origin),
        }
        // A program without a cookie is not a browser that another page has sent here.
        let changes = !matches!(*method, Method::GET | Method::HEAD);
        if changes && origin.is_none() && bearer(headers).is_none() {
            return Err(Refusal::Origin);
        }
        Ok(())
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        if let Some(token) = bearer(headers) {
            return self.is_token(token);
        }
        let name = self.cookie();
        let cookies = headers.get_all(header::COOKIE).iter();
        let cookies = cookies.filter_map(|cookies| cookies.to_str().ok());
        cookies
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .any(|(cookie, value)| cookie == name && self.is_token(value))
    }

    /// Takes the same time wherever the texts differ.
    fn is_token(&self, given: &str) -> bool {
        let (own, given) = (self.token.as_bytes(), given.as_bytes());
        if own.len() != given.len() {
            return false;
        }
        let difference = own.iter().zip(given).fold(0, |all, (a, b)| all | (a ^ b));
        black_box(difference) == 0
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::trim)
}

#[derive(Debug, Clone, Copy)]
enum Refusal {
    Host,
    Origin,
    Token,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::Origin => StatusCode::FORBIDDEN,
            Self::Token => StatusCode::UNAUTHORIZED,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Host => "This server does not have that name. Open the address that it printed.",
            Self::Origin => "Only the pages of this server may ask this.",
            Self::Token => {
                "The address lacks the token of this server, or has another one. Open the whole address that \
                 the server printed when it started; each start makes a new token."
            }
        }
    }
}

/// Lets a request through, or refuses it.
pub(crate) async fn guard(
    State(access): State<Arc<Access>>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let (uri, method, headers) = (request.uri(), request.method(), request.headers());
    let checked = access
        .check_host(uri, headers)
        .and_then(|()| access.check_origin(method, headers));
    let given = uri.query().and_then(token_in);
    let mut response = match (checked, given) {
        (Err(refusal), _) => refused(refusal, headers),
        (Ok(()), Some(token)) if *method == Method::GET && uri.path() == "/" => {
            if access.is_token(token) {
                welcome(&access)
            } else {
                refused(Refusal::Token, headers)
            }
        }
        (Ok(()), _) if access.has_token(headers) => next.run(request).await,
        (Ok(()), _) => refused(Refusal::Token, headers),
    };
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

fn token_in(query: &str) -> Option<&str> {
    query
        .split('&')
        .find_map(|part| part.strip_prefix("token="))
}

/// Keeps the token in a cookie and leads to the address without it. The page that leads on is one of this
/// server, so that the browser sends the strict cookie whoever has led here.
fn welcome(access: &Access) -> Response {
    let cookie = format!(
        "{}={}; Path=/; HttpOnly; SameSite=Strict",
        access.cookie(),
        access.token
    );
    let page = "<!doctype html><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\"><meta http-equiv=\"refresh\" content=\"0; url=./\">\
         <title>PocketFlow runs</title><a href=\"./\">Runs</a>";
    ([(header::SET_COOKIE, cookie)], Html(page)).into_response()
}

fn refused(refusal: Refusal, headers: &HeaderMap) -> Response {
    let (status, words) = (refusal.status(), refusal.words());
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/html")) {
        let page = format!(
            "<!doctype html><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>PocketFlow runs</title><h1>Not here</h1><p>{words}</p>"
        );
        return (status, Html(page)).into_response();
    }
    (status, words).into_response()
}

/// 256 random bits in hexadecimal digits.
pub(crate) fn random_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let mut token = String::with_capacity(64);
    for byte in bytes {
        let _ = write!(token, "{byte:02x}");
    }
    Ok(token)
}
