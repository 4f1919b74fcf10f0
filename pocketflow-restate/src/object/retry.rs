//! `retry`: lets a run go on.

use bytes::Bytes;
use restate_sdk::errors::TerminalError;

use super::Object;
use super::context::{Context, report};
use crate::wire::Status;

impl Object {
    /// A failed or cancelled run goes on where it stopped. In any other state the run begins its next
    /// burst again, which helps if someone has killed the invocation, and does no harm otherwise.
    pub(super) async fn retry(&self, context: &Context) -> Result<Bytes, TerminalError> {
        let meta = context.known().await?;
        if meta.status.status == Status::Finished {
            return Ok(report(&meta.status));
        }
        let now = context.now().await?;
        let mut run = context.load(meta, &mut false).await?;
        let next = run.retry(now);
        context.save(&mut run);
        context.go_on(next, now);
        Ok(report(&run.meta.status))
    }
}
