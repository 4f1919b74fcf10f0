//! `wait`: waits until a run is over.

use bytes::Bytes;
use restate_sdk::errors::TerminalError;
use restate_sdk::serde::Json;

use super::context::{Context, json};
use super::{Object, internal};
use crate::job::Refused;
use crate::state::key;
use crate::wire::handler;

impl Object {
    pub(super) async fn wait(&self, context: &Context) -> Result<Bytes, TerminalError> {
        context.known().await?;
        let ctx = &context.ctx;
        let (id, over) = ctx.awakeable::<()>();
        let subscribe = context.target(internal::SUBSCRIBE);
        let is_over: Json<bool> = ctx.request(subscribe, Json(id)).call().await?;
        if !is_over.into_inner() {
            over.await?;
        }
        // This handler may have an older state.
        let result = context.target(handler::RESULT);
        ctx.request::<_, Bytes>(result, ()).call().await
    }

    /// Registers an awakeable. Returns whether the run is over already.
    pub(super) async fn subscribe(
        &self,
        context: &Context,
        body: Bytes,
    ) -> Result<Bytes, TerminalError> {
        let waiter: String =
            serde_json::from_slice(&body).map_err(|error| Refused::new(400, error.to_string()))?;
        let is_over = context.known().await?.status.status.is_over();
        if !is_over {
            let mut waiters = context.waiters().await?;
            waiters.push(waiter);
            let waiters = serde_json::to_string(&waiters).expect("texts are JSON");
            context.set(key::WAITERS, waiters);
        }
        Ok(json(&is_over))
    }
}
