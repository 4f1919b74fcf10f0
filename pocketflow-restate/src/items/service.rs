//! The service that computes pieces of work.

use std::sync::Arc;

use bytes::Bytes;
use pocketflow::Graph;
use restate_sdk::discovery::{Handler, Service as Discovery, ServiceType};
use restate_sdk::endpoint::{ContextInternal, InputMetadata};
use restate_sdk::errors::{HandlerResult, TerminalError};
use restate_sdk::serde::Json;
use restate_sdk::service::macro_support::{ServiceBoxFuture, service_definition};
use restate_sdk::service::{Service, ServiceDefinition};

use super::call::Ingress;
use super::snapshot::Snapshots;
use super::{Answer, COMPUTE, Reply, Request, State, name};
use crate::burst;
use crate::clock::millis;
use crate::flow::Settings;
use crate::job::Job;
use crate::object::discovery;
use crate::state::Run;

/// How long the server keeps a result for a caller who asks again.
const KEPT: std::time::Duration = std::time::Duration::from_secs(60 * 60);

/// The service that Restate calls.
pub(crate) fn service(
    job: Arc<dyn Job>,
    settings: Settings,
    ingress: Option<Ingress>,
) -> ServiceDefinition {
    let discovery = discovered(job.graph(), &settings);
    let items = Items {
        job,
        settings,
        ingress,
        snapshots: Arc::default(),
    };
    service_definition(items, discovery)
}

fn discovered(flow: &Graph, settings: &Settings) -> Discovery {
    let about = "Computes a piece of work of a run.";
    let compute = Handler {
        ty: None,
        idempotency_retention: Some(millis(KEPT)),
        ..discovery::waiting(discovery::handler_of(COMPUTE, None, about), settings)
    };
    let about = format!("Computes pieces of work of runs of the flow {}.", flow.name);
    discovery::service(ServiceType::Service, name(flow.name), about, vec![compute])
}

#[derive(Clone)]
struct Items {
    job: Arc<dyn Job>,
    settings: Settings,
    ingress: Option<Ingress>,
    snapshots: Arc<Snapshots>,
}

impl Service for Items {
    type Future = ServiceBoxFuture;

    fn handle(&self, ctx: ContextInternal) -> ServiceBoxFuture {
        let this = self.clone();
        Box::pin(async move {
            let (body, _): (Bytes, InputMetadata) = ctx.input().await;
            let answer: HandlerResult<Json<Reply>> = match serde_json::from_slice(&body) {
                Ok(request) => Ok(Json(this.compute(request).await)),
                Err(error) => {
                    Err(TerminalError::new_with_code(400, format!("no request: {error}")).into())
                }
            };
            ctx.handle_handler_result(answer);
            ctx.end();
            Ok(())
        })
    }
}

impl Items {
    async fn compute(&self, request: Request) -> Reply {
        let burst = request.state.burst();
        // The invocation has no journal, because its result is all that it has to keep.
        let answer = match self.state(&request).await {
            Ok(run) => answer(&self.job, &self.settings, request, run).await,
            Err(why) => Answer::Lost(why),
        };
        Reply { burst, answer }
    }

    async fn state(&self, request: &Request) -> Result<Run, String> {
        let (run, name, log) = match &request.state {
            State::Here(snapshot) => return Ok(snapshot.clone().run()),
            State::Stored {
                run,
                created,
                burst,
                log,
            } => (run, (run.clone(), *created, *burst), log),
        };
        let Some(ingress) = &self.ingress else {
            return Err("the worker does not know the address of the server".into());
        };
        let burst = name.2;
        let snapshot = self
            .snapshots
            .get(name, ingress.snapshot(run, burst))
            .await?;
        let mut run = (*snapshot).clone();
        run.log = log.clone();
        Ok(run)
    }
}

/// Computes a piece of work of a run that is at this step.
pub(crate) async fn answer(
    job: &Arc<dyn Job>,
    settings: &Settings,
    request: Request,
    run: Run,
) -> Answer {
    if request.program != job.program() {
        return Answer::OtherProgram;
    }
    burst::compute(job, settings, &run, request).await
}
