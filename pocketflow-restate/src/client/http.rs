//! Requests and answers over HTTP.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{ClientError, Port, address};

#[cfg(feature = "tls")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "tls"))]
type Connector = HttpConnector;

/// How long a client tries to connect.
const CONNECT: Duration = Duration::from_secs(10);

/// A server, with a pool of connections that clones share.
#[derive(Clone)]
pub(crate) struct Server {
    pub(super) address: String,
    port: Port,
    pool: legacy::Client<Connector, Full<Bytes>>,
    token: Option<HeaderValue>,
    pub(super) timeout: Duration,
}

/// An answer of any status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    source: Source,
    body: Bytes,
    /// The address to which another program redirects.
    redirect: Option<String>,
}

/// Where an answer comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// A handler, at a worker.
    Handler,
    /// The ingress of a server itself.
    Ingress,
    /// The administration of a server, or another program.
    Other,
}

/// The body of a refusal.
#[derive(Deserialize)]
struct Refusal {
    message: String,
    #[serde(default)]
    source: Option<String>,
}

impl Server {
    /// A server whose ingress is at this address.
    pub(crate) fn new(url: &str) -> Result<Self, ClientError> {
        Self::of(url, Port::Ingress)
    }

    pub(super) fn of(url: &str, port: Port) -> Result<Self, ClientError> {
        let address = address::parse(url, port)?;
        let pool = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector(&address, port)?);
        Ok(Self {
            address,
            port,
            pool,
            token: None,
            timeout: Duration::from_secs(30),
        })
    }

    pub(super) fn token(&mut self, token: &str) -> Result<(), ClientError> {
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut value = value.map_err(|_| ClientError::Token)?;
        value.set_sensitive(true);
        self.token = Some(value);
        Ok(())
    }

    /// Posts a request, and waits for the answer however long it takes. Requests with the same idempotency key are
    /// one request to the server.
    #[cfg(feature = "worker")]
    pub(crate) async fn post(
        &self,
        path: &str,
        body: Vec<u8>,
        idempotency_key: Option<&str>,
    ) -> Result<Bytes, ClientError> {
        let answer = self.exchange(Method::POST, path, body.into(), idempotency_key);
        let answer = answer.await?;
        match answer.status.is_success() {
            true => Ok(answer.body),
            false => Err(self.refused(path, &answer)),
        }
    }

    /// Sends a request, and waits for the answer for as long as `within`.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
        within: Option<Duration>,
    ) -> Result<Answer, ClientError> {
        let answering = self.exchange(method, path, body.into(), None);
        let Some(after) = within else {
            return answering.await;
        };
        let answer = tokio::time::timeout(after, answering).await;
        answer.unwrap_or_else(|_| {
            Err(ClientError::Timeout {
                server: self.address.clone(),
                request: path.to_owned(),
                after,
            })
        })
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        idempotency_key: Option<&str>,
    ) -> Result<Answer, ClientError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.address))
            .header(ACCEPT, "application/json");
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token.clone());
        }
        let request = request
            .body(Full::new(body))
            .map_err(|error| self.lost(error))?;
        let answer = self.pool.request(request).await.map_err(|error| {
            if error.is_connect() {
                ClientError::Unreachable {
                    server: self.address.clone(),
                    port: self.port,
                    source: innermost(error),
                }
            } else if is_not_http(&error) {
                // A worker, for example, which speaks HTTP/2 alone.
                self.wrong_address(path, None, "it is not HTTP/1".to_owned())
            } else {
                self.lost(error)
            }
        })?;
        let status = answer.status();
        let headers = answer.headers().clone();
        let body = answer.into_body().collect().await;
        let body = body.map_err(|error| self.lost(error))?.to_bytes();
        let answer = Answer {
            status,
            source: source(status, &headers, &body),
            redirect: redirect(status, &headers),
            body,
        };
        self.check(path, &answer)?;
        Ok(answer)
    }

    /// Checks that a refusal comes from this port of a Restate server.
    fn check(&self, path: &str, answer: &Answer) -> Result<(), ClientError> {
        let expected = match self.port {
            Port::Ingress => answer.source != Source::Other,
            Port::Admin => answer.source == Source::Other && answer.refusal().is_some(),
        };
        if expected || answer.status.is_success() || answer.is_denied() {
            return Ok(());
        }
        let status = answer.status.as_u16();
        let text = match (&answer.redirect, &*answer.message()) {
            (Some(to), _) => format!("HTTP status {status}, which redirects to {to}"),
            (None, "") => format!("HTTP status {status} without a text"),
            (None, text) => format!("HTTP status {status}: {text}"),
        };
        Err(self.wrong_address(path, Some(status), text))
    }

    fn wrong_address(&self, path: &str, status: Option<u16>, answer: String) -> ClientError {
        ClientError::WrongAddress {
            server: self.address.clone(),
            port: self.port,
            request: path.to_owned(),
            status,
            answer,
        }
    }

    fn lost(&self, error: impl Error + Send + Sync + 'static) -> ClientError {
        ClientError::Lost {
            server: self.address.clone(),
            source: innermost(error),
        }
    }

    /// Reads an answer that is as it should be.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        path: &str,
        answer: &Answer,
        expected: &'static str,
    ) -> Result<T, ClientError> {
        if !answer.status.is_success() {
            return Err(self.refused(path, answer));
        }
        serde_json::from_slice(&answer.body).map_err(|source| {
            let known = match self.port {
                Port::Ingress => answer.source != Source::Other,
                // Only JSON is an answer of the administration, perhaps of another version.
                Port::Admin => source.is_data() && answer.source == Source::Other,
            };
            if !known {
                let status = answer.status.as_u16();
                let text = format!("HTTP status {status} with a text that is not {expected}");
                return self.wrong_address(path, Some(status), text);
            }
            self.unreadable(path, expected, source)
        })
    }

    pub(super) fn unreadable(
        &self,
        path: &str,
        expected: &'static str,
        source: serde_json::Error,
    ) -> ClientError {
        ClientError::Unreadable {
            server: self.address.clone(),
            request: path.to_owned(),
            expected,
            source,
        }
    }

    /// An answer that any request can have.
    pub(super) fn refused(&self, path: &str, answer: &Answer) -> ClientError {
        let server = self.address.clone();
        let status = answer.status.as_u16();
        if answer.is_denied() {
            let port = self.port;
            return ClientError::Denied {
                server,
                port,
                status,
            };
        }
        ClientError::Answer {
            server,
            request: path.to_owned(),
            status,
            message: answer.message(),
        }
    }
}

impl Answer {
    /// Whether a handler refuses something, with this status.
    pub(super) fn is_refusal(&self, status: StatusCode) -> bool {
        self.source == Source::Handler && self.status == status
    }

    /// Whether the server does not know what it was asked for.
    pub(super) fn is_unknown(&self) -> bool {
        self.source == Source::Ingress && self.status == StatusCode::NOT_FOUND
    }

    fn is_denied(&self) -> bool {
        matches!(
            self.status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        )
    }

    fn refusal(&self) -> Option<Refusal> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What a refusal says.
    pub(super) fn message(&self) -> String {
        match self.refusal() {
            Some(refusal) => refusal.message,
            None => {
                let text = String::from_utf8_lossy(&self.body);
                text.trim().chars().take(1000).collect()
            }
        }
    }
}

/// Where an answer comes from. A proxy may drop the headers of a server.
fn source(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Source {
    let named = |name: &[u8]| match name {
        b"invocation" => Source::Handler,
        _ => Source::Ingress,
    };
    if let Some(source) = headers.get("x-restate-error-source") {
        return named(source.as_bytes());
    }
    if headers.contains_key("x-restate-id") {
        return Source::Handler;
    }
    if status.is_success() {
        return Source::Other;
    }
    let refusal = serde_json::from_slice::<Refusal>(body).ok();
    refusal
        .and_then(|refusal| refusal.source)
        .map_or(Source::Other, |source| named(source.as_bytes()))
}

fn redirect(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let to = headers.get(LOCATION).filter(|_| status.is_redirection())?;
    Some(to.to_str().ok()?.to_owned())
}

/// Whether something answers, but not with HTTP/1.
fn is_not_http(error: &legacy::Error) -> bool {
    let source = error.source();
    let source = source.and_then(|source| source.downcast_ref::<hyper::Error>());
    source.is_some_and(hyper::Error::is_parse)
}

/// The cause of an error of the HTTP library, whose own text says only what the caller says already.
fn innermost(error: impl Error + Send + Sync + 'static) -> Box<dyn Error + Send + Sync + 'static> {
    let mut innermost: &(dyn Error + 'static) = &error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string().into()
}

#[cfg(not(feature = "tls"))]
fn connector(_: &str, _: Port) -> Result<Connector, ClientError> {
    Ok(tcp())
}

#[cfg(feature = "tls")]
fn connector(address: &str, port: Port) -> Result<Connector, ClientError> {
    let provider = rustls::crypto::ring::default_provider();
    let builder = hyper_rustls::HttpsConnectorBuilder::new();
    let builder = builder.with_provider_and_native_roots(provider);
    let builder = builder.map_err(|error| ClientError::Address {
        port,
        url: address.to_owned(),
        why: format!("the certificates of this machine cannot be read: {error}"),
    })?;
    let mut tcp = tcp();
    tcp.enforce_http(false);
    Ok(builder.https_or_http().enable_http1().wrap_connector(tcp))
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT));
    tcp
}
