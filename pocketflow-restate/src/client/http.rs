//! Requests and answers over HTTP.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{ClientError, address};

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
    pool: legacy::Client<Connector, Full<Bytes>>,
    token: Option<HeaderValue>,
    pub(super) timeout: Duration,
}

/// An answer of any status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Whether it comes from the server itself, and not from a worker.
    pub(super) from_server: bool,
    pub(super) body: Bytes,
}

/// The body of a refusal.
#[derive(Deserialize)]
struct Refusal {
    message: String,
}

impl Server {
    pub(crate) fn new(url: &str) -> Result<Self, ClientError> {
        let address = address::parse(url)?;
        let pool = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector(&address)?);
        Ok(Self {
            address,
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
                    source: innermost(error),
                }
            } else {
                self.lost(error)
            }
        })?;
        let status = answer.status();
        let source = answer.headers().get("x-restate-error-source");
        let from_server = source.is_some_and(|source| source == "ingress");
        let body = answer.into_body().collect().await;
        let body = body.map_err(|error| self.lost(error))?.to_bytes();
        Ok(Answer {
            status,
            from_server,
            body,
        })
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
        serde_json::from_slice(&answer.body).map_err(|source| ClientError::Unreadable {
            server: self.address.clone(),
            request: path.to_owned(),
            expected,
            source,
        })
    }

    /// An answer that any request can have.
    pub(super) fn refused(&self, path: &str, answer: &Answer) -> ClientError {
        let server = self.address.clone();
        let status = answer.status.as_u16();
        if matches!(
            answer.status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        ) {
            return ClientError::Denied { server, status };
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
    /// Whether a Restate server or a worker refuses something, and not a proxy or another program.
    pub(super) fn is_refusal(&self) -> bool {
        serde_json::from_slice::<Refusal>(&self.body).is_ok()
    }

    /// What a refusal says.
    pub(super) fn message(&self) -> String {
        match serde_json::from_slice::<Refusal>(&self.body) {
            Ok(refusal) => refusal.message,
            Err(_) => {
                let text = String::from_utf8_lossy(&self.body);
                let text: String = text.trim().chars().take(1000).collect();
                let help = "is this the address at which a Restate server takes requests?";
                match text.is_empty() {
                    true => format!("no explanation\nhelp: {help}"),
                    false => format!("{text}\nhelp: {help}"),
                }
            }
        }
    }
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
fn connector(_address: &str) -> Result<Connector, ClientError> {
    Ok(tcp())
}

#[cfg(feature = "tls")]
fn connector(address: &str) -> Result<Connector, ClientError> {
    let provider = rustls::crypto::ring::default_provider();
    let builder = hyper_rustls::HttpsConnectorBuilder::new();
    let builder = builder.with_provider_and_native_roots(provider);
    let builder = builder.map_err(|error| ClientError::Address {
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
