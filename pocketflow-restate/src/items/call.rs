//! Calls over the HTTP API of the server.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::{Asking, COMPUTE, Elsewhere, Reply, Request, Snapshot, name};
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

    /// Calls a handler, again and again until there is an answer. `None` if the server cannot be reached for so long.
    async fn call(
        &self,
        path: &str,
        body: Vec<u8>,
        key: Option<&str>,
        patience: Duration,
    ) -> Result<Option<Bytes>, String> {
        let mut pause = Duration::from_millis(100);
        let mut failing: Option<Instant> = None;
        loop {
            let asked = Instant::now();
            let error = match self.server.post(path, body.clone(), key).await {
                Ok(answer) => return Ok(Some(answer)),
                Err(error) => error,
            };
            if !error.is_temporary() {
                return Err(error.to_string());
            }
            // A connection that was lost after a while was there before.
            let failing = match failing {
                Some(since) if asked.elapsed() < PATIENCE * 2 => since,
                _ => *failing.insert(Instant::now()),
            };
            let given_up = failing.elapsed() >= patience;
            self.warn(path, &error);
            if given_up {
                return Ok(None);
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

    /// The state of a run before a burst.
    pub(super) async fn snapshot(&self, run: &str, burst: u64) -> Result<Run, String> {
        let path = format!("/{}/{}/snapshot", self.flow, crate::client::segment(run));
        let body = burst.to_string().into_bytes();
        let answer = self.call(&path, body, None, Duration::MAX).await?;
        let answer = answer.ok_or("the server cannot be reached")?;
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
            let answer = self.call(&path, body, Some(&key), PATIENCE).await.map_err(|why| {
                let flow = self.flow;
                format!(
                    "no worker computes it: {why}\nhelp: bind `items()` of the flow `{flow}` to the endpoint as well as `object()`"
                )
            })?;
            let reply = answer.map(|answer| serde_json::from_slice::<Reply>(&answer));
            reply.transpose().map_err(|error| error.to_string())
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
        assert_eq!(answer.await, Ok(None));
        assert!(begun.elapsed() >= PATIENCE);
    }
}
