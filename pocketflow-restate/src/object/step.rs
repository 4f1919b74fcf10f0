//! `step`: takes a burst of steps.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

use bytes::Bytes;
use restate_sdk::errors::TerminalError;

use super::Object;
use super::context::{Context, StepRequest};
use crate::burst::Request;
use crate::job::Refused;
use crate::state::{Next, key};

/// Identifies this process among all workers.
static PROCESS: LazyLock<String> = LazyLock::new(|| {
    // Processes in containers have the same numbers, so this is a random one.
    let random = RandomState::new().build_hasher().finish();
    format!("{random:016x}")
});

impl Object {
    pub(super) async fn step(
        &self,
        context: &Context,
        body: Bytes,
    ) -> Result<Bytes, TerminalError> {
        let request: StepRequest =
            serde_json::from_slice(&body).map_err(|error| Refused::new(400, error.to_string()))?;
        let mut cancelled = false;
        let (meta, again) = context.meta_again(&mut cancelled).await?;
        let Some(meta) = meta.filter(|meta| meta.burst == request.burst) else {
            // The run has been retried, filled or cancelled since this was sent.
            return Ok(Bytes::new());
        };
        let run = context.load(meta, &mut cancelled).await?;
        context.set(key::BURST, context.invocation.clone());
        let request = Request {
            due: request.due,
            again: again.then(|| PROCESS.clone()),
            cancelled,
        };
        let taken = crate::burst::take(&self.job, &self.settings, context, request, run);
        let (mut run, next, at) = taken.await;
        context.save(&mut run);
        context.go_on(next, at);
        if next == Next::Over {
            context.wake_waiters().await?;
        }
        Ok(Bytes::new())
    }
}
