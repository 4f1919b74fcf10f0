//! `run`: starts a run.

use bytes::Bytes;
use restate_sdk::errors::TerminalError;
use serde::{Deserialize, Serialize};

use super::Object;
use super::context::{Context, report};
use crate::clock::Clock;
use crate::job::{Input, Refused};
use crate::state::{Meta, Next, key};
use crate::wire::{RunStatus, Status};

/// What becomes of a request.
#[derive(Serialize, Deserialize)]
enum Start {
    New { input: Input, at: u64 },
    Known,
    Refused(Refused),
}

impl Object {
    pub(super) async fn run(&self, context: &Context, body: Bytes) -> Result<Bytes, TerminalError> {
        let run = &context.run;
        let known = match context.meta(&mut false).await? {
            Some(meta) => Some(context.load(meta, &mut false).await?),
            None => None,
        };
        let start = context.decide("start", || match &known {
            Some(known) => match self.job.compare(known, &body) {
                Ok(()) => Start::Known,
                Err(refused) => Start::Refused(refused),
            },
            None => match self.job.input(run, &body, self.settings.max_store) {
                Ok(input) => Start::New {
                    input,
                    at: Clock::default().now(),
                },
                Err(refused) => Start::Refused(refused),
            },
        });
        match (start.await?, &known) {
            (Start::Refused(refused), _) => Err(refused.into()),
            (Start::New { input, at }, None) => {
                let meta = self.begin(run, input.definition, at);
                context.set(key::STORE, input.store.text().to_owned());
                context.save_meta(&meta);
                context.go_on(Next::Burst(meta.burst), at);
                Ok(report(&meta.status))
            }
            (_, Some(known)) => Ok(report(&known.meta.status)),
            (Start::Known, None) => unreachable!("an unknown run is not known"),
        }
    }

    fn begin(&self, run: &str, definition: crate::pump::Json, at: u64) -> Meta {
        let graph = self.job.graph();
        let first = graph.places.first().map(|place| place.name);
        Meta {
            status: RunStatus {
                run: run.to_owned(),
                flow: graph.name.to_owned(),
                status: Status::Running,
                step: 0,
                at: first.map(|first| format!("{} > {first}", graph.name)),
                exit: None,
                waits: Vec::new(),
                until: None,
                next_attempt: None,
                error: None,
                created: at,
                updated: at,
            },
            burst: 0,
            definition,
            position: None,
            action: None,
            visits: Default::default(),
            log: 0,
        }
    }
}
