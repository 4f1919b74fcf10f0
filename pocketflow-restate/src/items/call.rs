//! Calls over the HTTP API of the server.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::{Asking, COMPUTE, Elsewhere, NotAsked, Reply, Request, Snapshot, name};
use crate::client::{ClientError, Server};
use crate::state::Run;

/// The longest wait before a call is sent again.
const LONGEST: Duration = Duration::from_secs(5);

/// After this time, the caller of a piece of work learns that the server cannot be reached. Its burst ends then, so that
/// the run can be cancelled.
const PATIENCE: Duration = Duration::from_secs(10);

/// The HTTP API of a server, for one flow.
#[derive(Clone)]
pub(crate) struct Ingress {
    server: Server,
    flow: &'static str,
}

impl Ingress {
    pub(crate) fn new(url: &str, flow: &'static str) -> Result<Self, ClientError> {
        let server = Server::new(url)?;
        Ok(Self { server, flow })
    }

    /// Calls a handler, again and again until there is an answer.
    ///
    /// # Errors
    ///
    /// The server has refused it, or could not be reached for so long.
    async fn call(
        &self,
        path: &str,
        body: Vec<u8>,
        key: Option<&str>,
        patience: Duration,
    ) -> Result<Bytes, ClientError> {
        let mut pause = Duration::from_millis(100);
        let mut failing: Option<Instant> = None;
        loop {
            let asked = Instant::now();
            let error = match self.server.post(path, body.clone(), key).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if !error.is_temporary() {
                return Err(error);
            }
            // A connection that was lost after a while was there before.
            let failing = match failing {
                Some(since) if asked.elapsed() < PATIENCE * 2 => since,
                _ => *failing.insert(Instant::now()),
            };
            let given_up = failing.elapsed() >= patience;
            self.warn(path, &error);
            if given_up {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST.min(pause * 2);
        }
    }

    /// Tells the operator of the worker, because the run goes on only when the server can be reached.
    fn warn(&self, path: &str, error: &(dyn std::error::Error + 'static)) {
        let flow = self.flow;
        tracing::warn!(
            flow,
            path,
            error,
            "cannot send a piece of work to the address of `distribute`, and try again"
        );
    }

    /// Why nobody does a piece of work, with what the operator has to mend.
    fn not_asked(&self, error: &ClientError) -> NotAsked {
        let flow = self.flow;
        if error.is_temporary() {
            return NotAsked::Unreachable(format!(
                "work of the flow `{flow}` cannot be sent to the address of `distribute`, and is tried again: {error}"
            ));
        }
        NotAsked::Refused(match error {
            ClientError::Answer {
                status: 404,
                message,
                ..
            } => format!(
                "no worker computes it: {message}\nhelp: bind `items()` of the flow `{flow}` to the endpoint as well as `object()`"
            ),
            error => format!("it cannot be sent to the address of `distribute`: {error}"),
        })
    }

    /// The state of a run before a burst.
    pub(super) async fn snapshot(&self, run: &str, burst: u64) -> Result<Run, String> {
        let path = format!("/{}/{}/snapshot", self.flow, crate::client::segment(run));
        let body = burst.to_string().into_bytes();
        let answer = self.call(&path, body, None, Duration::MAX).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let snapshot: Snapshot =
            serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        Ok(snapshot.run())
    }
}

impl Elsewhere for Ingress {
    fn ask(&self, request: Request, key: String) -> Asking<'_> {
        Box::pin(async move {
            let path = format!("/{}/{COMPUTE}", name(self.flow));
            let body = serde_json::to_vec(&request).expect("texts are JSON");
            let answer = self.call(&path, body, Some(&key), PATIENCE).await;
            let answer = answer.map_err(|error| self.not_asked(&error))?;
            let reply = serde_json::from_slice::<Reply>(&answer);
            reply.map_err(|error| NotAsked::Refused(error.to_string()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_server_that_cannot_be_reached_is_given_up_in_time() {
        // The port is free again when the listener is dropped.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let ingress = Ingress::new(&url, "Shop").unwrap();
        let begun = Instant::now();
        let answer = ingress.call("/ShopItems/compute", Vec::new(), Some("key"), PATIENCE);
        let error = answer.await.unwrap_err();
        assert!(begun.elapsed() >= PATIENCE);
        let NotAsked::Unreachable(why) = ingress.not_asked(&error) else {
            panic!("{error}");
        };
        let start = format!(
            "work of the flow `Shop` cannot be sent to the address of `distribute`, and is tried again: cannot reach the Restate server at {url}\n"
        );
        assert!(why.starts_with(&start), "{why}");
        assert!(why.contains("port 8080 by default"), "{why}");
    }

    #[test]
    fn an_address_that_is_wrong_is_named_and_a_service_that_is_not_bound_as_well() {
        let ingress = Ingress::new("http://127.0.0.1:9070", "Shop").unwrap();
        let refused = |error: ClientError| match ingress.not_asked(&error) {
            NotAsked::Refused(why) => why,
            NotAsked::Unreachable(why) => panic!("{why}"),
        };
        let (server, request) = (
            "http://127.0.0.1:9070".to_owned(),
            "/ShopItems/compute".to_owned(),
        );
        let why = refused(ClientError::WrongAddress {
            server: server.clone(),
            port: crate::client::Port::Ingress,
            request: request.clone(),
            status: Some(404),
            answer: "HTTP status 404 without a text".into(),
        });
        let start = "it cannot be sent to the address of `distribute`: the answer at http://127.0.0.1:9070 to ";
        assert!(why.starts_with(start), "{why}");
        assert!(
            why.ends_with("port 8080 by default), and not that of its administration (9070)"),
            "{why}"
        );
        let why = refused(ClientError::Answer {
            server,
            request,
            status: 404,
            message: "service 'ShopItems' not found".into(),
        });
        assert_eq!(
            why,
            "no worker computes it: service 'ShopItems' not found\n\
             help: bind `items()` of the flow `Shop` to the endpoint as well as `object()`"
        );
    }
}
