//! `cancel`: cancels a run.

use std::time::Duration;

use bytes::Bytes;
use restate_sdk::context::macro_support::SealedDurableFuture;
use restate_sdk::errors::TerminalError;
use restate_sdk::serde::Json;

use super::context::{Context, json, report};
use super::{Object, internal};
use crate::wire::Status;

impl Object {
    /// Cancels the invocation that takes a burst, and lets the exclusive handler set the status. Another
    /// burst may begin before that handler, so this looks again.
    pub(super) async fn cancel(&self, context: &Context) -> Result<Bytes, TerminalError> {
        context.known().await?;
        let ctx = &context.ctx;
        let cancelled = context.target(internal::CANCELLED);
        let cancelled = ctx.request::<_, Bytes>(cancelled, ()).call();
        let mut pause = Duration::from_millis(500);
        loop {
            let burst = context.target(internal::BURST);
            let burst: Json<Option<String>> = ctx.request(burst, ()).call().await?;
            if let Some(burst) = burst.into_inner() {
                ctx.cancel_invocation(&burst);
            }
            let again = ctx.sleep(pause);
            if ctx.select(vec![cancelled.handle(), again.handle()]).await? == 0 {
                return cancelled.await;
            }
            again.await?;
            // A step that is running may take long.
            pause = (pause * 2).min(Duration::from_secs(30));
        }
    }

    /// The invocation that takes a burst, if the run is at one.
    pub(super) async fn burst(&self, context: &Context) -> Result<Bytes, TerminalError> {
        let runs = context.known().await?.status.status == Status::Running;
        let burst = context.burst().await?.filter(|_| runs);
        Ok(json(&burst))
    }

    /// Sets the status, if the burst has not done so.
    pub(super) async fn cancelled(&self, context: &Context) -> Result<Bytes, TerminalError> {
        let mut meta = context.known().await?;
        if matches!(meta.status.status, Status::Finished | Status::Cancelled) {
            return Ok(report(&meta.status));
        }
        meta.cancel(context.now().await?);
        context.save_meta(&meta);
        context.wake_waiters().await?;
        Ok(report(&meta.status))
    }
}
