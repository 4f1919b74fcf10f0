//! Calls over the HTTP API of the server.

use std::time::Duration;

use bytes::Bytes;

use super::{Answer, Asking, COMPUTE, Elsewhere, Request, Snapshot, name};
use crate::client::{ClientError, Server};
use crate::state::Run;

/// The longest wait before a call is sent again.
const LONGEST: Duration = Duration::from_secs(5);

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
    async fn call(&self, path: &str, body: Vec<u8>, key: Option<&str>) -> Result<Bytes, String> {
        let mut pause = Duration::from_millis(100);
        loop {
            let error = match self.server.post(path, body.clone(), key).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if !error.is_temporary() {
                return Err(error.to_string());
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST.min(pause * 2);
        }
    }

    /// The state of a run before a burst.
    pub(super) async fn snapshot(&self, run: &str, burst: u64) -> Result<Run, String> {
        let path = format!("/{}/{}/snapshot", self.flow, crate::client::segment(run));
        let body = burst.to_string().into_bytes();
        let answer = self.call(&path, body, None).await?;
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
            let answer = self.call(&path, body, Some(&key)).await.map_err(|why| {
                let flow = self.flow;
                format!(
                    "no worker computes it: {why}\nhelp: bind `items()` of the flow `{flow}` to the endpoint as well as `object()`"
                )
            })?;
            serde_json::from_slice::<Answer>(&answer).map_err(|error| error.to_string())
        })
    }
}
