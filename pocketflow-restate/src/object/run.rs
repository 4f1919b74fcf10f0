//! `run`: starts a run.

use bytes::Bytes;
use restate_sdk::errors::TerminalError;
use serde::{Deserialize, Serialize};

use super::context::{Context, report};
use super::{Object, internal};
use crate::clock::Clock;
use crate::input::Input;
use crate::job::Refused;
use crate::state::{Meta, Next, key, text};
use crate::wire::{RunStatus, Status};

/// What becomes of a request.
#[derive(Serialize, Deserialize)]
enum Start {
    New { input: Input, now: u64 },
    Known,
    Refused(Refused),
}

impl Object {
    /// A run that is known is reported at once, even while it takes a burst of steps. A new one is started
    /// by a handler that may change the state.
    pub(super) async fn run(&self, context: &Context, body: Bytes) -> Result<Bytes, TerminalError> {
        if context.run.is_empty() {
            let help = "write one into the path, such as `order-17`";
            let why = format!("the id of the run is empty\nhelp: {help}");
            return Err(Refused::new(400, why).into());
        }
        if context.meta(&mut false).await?.is_none() {
            let start = context.target(internal::START);
            return context.ctx.request::<_, Bytes>(start, body).call().await;
        }
        self.start(context, body).await
    }

    /// Starts the run, if it is not known.
    pub(super) async fn start(
        &self,
        context: &Context,
        body: Bytes,
    ) -> Result<Bytes, TerminalError> {
        let run = &context.run;
        let known = match context.meta(&mut false).await? {
            Some(meta) => Some(context.load(meta, &mut false).await?),
            None => None,
        };
        let start = context.decide("start", || {
            let started = match &known {
                Some(known) => {
                    let migrates = self.settings.migration.is_some();
                    let compared = self.job.compare(known, &body, migrates);
                    compared.map(|()| Start::Known)
                }
                None => {
                    let input = self.job.input(run, &body, self.settings.max_store);
                    let now = Clock::default().now();
                    input.map(|input| Start::New { input, now })
                }
            };
            started.unwrap_or_else(Start::Refused)
        });
        match (start.await?, &known) {
            (Start::Refused(refused), _) => Err(refused.into()),
            // From here on, everything depends on what is recorded, because a replay must do the same.
            (Start::New { input, now }, None) => {
                let meta = self.begin(run, &input, now);
                let store = input.store(&body);
                let store = store.map_err(|error| Refused::new(400, error.to_string()))?;
                context.set(key::STORE, text(&store));
                context.save_meta(&meta);
                context.go_on(Next::Burst(meta.burst), now);
                Ok(report(&meta.status))
            }
            (_, Some(known)) => Ok(report(&known.meta.status)),
            (Start::Known, None) => unreachable!("an unknown run is not known"),
        }
    }

    fn begin(&self, run: &str, input: &Input, now: u64) -> Meta {
        Meta {
            status: RunStatus {
                run: run.to_owned(),
                flow: self.job.graph().name.to_owned(),
                status: Status::Running,
                step: 0,
                at: input.at.clone(),
                exit: None,
                waits: Vec::new(),
                until: None,
                next_attempt: None,
                problem: None,
                error: None,
                created: now,
                updated: now,
            },
            burst: 0,
            definition: input.definition.clone(),
            request: input.request.clone(),
            position: None,
            action: None,
            visits: Default::default(),
            log: 0,
        }
    }
}
