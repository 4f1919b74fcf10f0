//! `status` and `result`: report a run.

use bytes::Bytes;
use restate_sdk::errors::TerminalError;

use super::Object;
use super::context::{Context, json, report};
use crate::items::Snapshot;
use crate::job::Refused;
use crate::state::{Log, Run, flattened, text};
use crate::wire::{RunStatus, Status};

impl Object {
    pub(super) async fn status(&self, context: &Context) -> Result<Bytes, TerminalError> {
        Ok(report(&context.known().await?.status))
    }

    pub(super) async fn result(&self, context: &Context) -> Result<Bytes, TerminalError> {
        let meta = context.known().await?;
        let status = &meta.status;
        if status.status != Status::Finished {
            return Err(no_result(status).into());
        }
        let exit = serde_json::to_string(status.exit.as_deref().unwrap_or("default"));
        let exit = exit.expect("a text is JSON");
        let run = context.load(meta, &mut false).await?;
        let store = text(&flattened(&run.store));
        Ok(format!("{{\"exit\":{exit},\"store\":{store}}}").into())
    }
}

impl Object {
    /// The state of a run before a burst, as it is stored. The body is the number of the burst.
    pub(super) async fn snapshot(
        &self,
        context: &Context,
        body: Bytes,
    ) -> Result<Bytes, TerminalError> {
        let burst: u64 =
            serde_json::from_slice(&body).map_err(|error| Refused::new(400, error.to_string()))?;
        let meta = context.known().await?;
        if meta.burst != burst {
            let run = &context.run;
            return Err(Refused::new(409, format!("run `{run}` is past burst {burst}")).into());
        }
        let Run { meta, store, .. } = context.load(meta, &mut false).await?;
        let log = Log::default();
        Ok(json(&Snapshot { meta, store, log }))
    }
}

/// Why a run has no result.
pub(super) fn no_result(status: &RunStatus) -> Refused {
    let run = &status.run;
    match (status.status, &status.error) {
        (Status::Failed, Some(error)) => Refused::new(
            500,
            format!("run `{run}` has failed: {error}\nhelp: `retry` lets it go on there"),
        ),
        (Status::Cancelled | Status::Failed, _) => Refused::new(
            409,
            format!(
                "run `{run}` is {}, and has no result\nhelp: `retry` lets it go on",
                status.status
            ),
        ),
        (other, _) => Refused::new(
            409,
            format!(
                "run `{run}` is {other}, and has no result yet\nhelp: `wait` returns it when the run is over"
            ),
        ),
    }
}
