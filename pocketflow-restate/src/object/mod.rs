//! The virtual object of a flow: a file for each of its handlers.

mod cancel;
mod context;
pub(crate) mod discovery;
mod fill;
mod retry;
mod run;
mod show;
mod step;
mod wait;

use std::sync::Arc;

use bytes::Bytes;
use restate_sdk::endpoint::{ContextInternal, InputMetadata};
use restate_sdk::errors::{HandlerError, TerminalError};
use restate_sdk::service::macro_support::{ServiceBoxFuture, service_definition};
use restate_sdk::service::{Service, ServiceDefinition};

use self::context::Context;
use crate::flow::Settings;
use crate::job::{Job, Refused};
use crate::wire::handler;

/// The names of the handlers that are not for callers outside of Restate.
mod internal {
    /// Starts a new run.
    pub(super) const START: &str = "start";
    /// Takes a burst of steps.
    pub(super) const STEP: &str = "step";
    /// Sets the status of a cancelled run.
    pub(super) const CANCELLED: &str = "cancelled";
    /// Returns the invocation that takes a burst.
    pub(super) const BURST: &str = "burst";
    /// Registers someone who waits for the run's end.
    pub(super) const SUBSCRIBE: &str = "subscribe";
    /// Returns the state of a run before a burst, to the workers that compute a part of it.
    pub(super) const SNAPSHOT: &str = "snapshot";
}

/// The service that Restate calls.
pub(crate) fn service(job: Arc<dyn Job>, settings: Settings) -> ServiceDefinition {
    let discovery = discovery::object(job.graph(), &settings);
    service_definition(Object { job, settings }, discovery)
}

#[derive(Clone)]
struct Object {
    job: Arc<dyn Job>,
    settings: Settings,
}

impl Service for Object {
    type Future = ServiceBoxFuture;

    fn handle(&self, ctx: ContextInternal) -> ServiceBoxFuture {
        let this = self.clone();
        Box::pin(async move {
            let (body, input): (Bytes, InputMetadata) = ctx.input().await;
            let name = ctx.handler_name().to_owned();
            let context = Context::new(ctx.clone(), input);
            let answer = this.answer(&name, &context, body).await;
            ctx.handle_handler_result(answer.map_err(|error| match &*name {
                // The run would be left behind. Another version of the program may be able to go on.
                internal::STEP => HandlerError::from(error.message().to_owned()),
                _ => error.into(),
            }));
            ctx.end();
            Ok(())
        })
    }
}

impl Object {
    /// Answers a call of a handler.
    async fn answer(
        &self,
        name: &str,
        context: &Context,
        body: Bytes,
    ) -> Result<Bytes, TerminalError> {
        match name {
            handler::RUN => self.run(context, body).await,
            handler::STATUS => self.status(context).await,
            handler::RESULT => self.result(context).await,
            handler::WAIT => self.wait(context).await,
            handler::FILL => self.fill(context, body).await,
            handler::RETRY => self.retry(context).await,
            handler::CANCEL => self.cancel(context).await,
            internal::START => self.start(context, body).await,
            internal::STEP => self.step(context, body).await,
            internal::CANCELLED => self.cancelled(context).await,
            internal::BURST => self.burst(context).await,
            internal::SNAPSHOT => self.snapshot(context, body).await,
            internal::SUBSCRIBE => self.subscribe(context, body).await,
            _ => Err(Refused::new(404, format!("there is no handler `{name}`")).into()),
        }
    }
}

impl From<Refused> for TerminalError {
    fn from(refused: Refused) -> Self {
        TerminalError::new_with_code(refused.code, refused.why)
    }
}
