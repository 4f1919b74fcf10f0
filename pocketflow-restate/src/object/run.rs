//! `run`: starts a run.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use restate_sdk::errors::TerminalError;
use serde::{Deserialize, Serialize};

use super::context::{Context, report};
use super::{Object, internal};
use crate::clock::Clock;
use crate::job::{Input, Refused};
use crate::pump::Json;
use crate::state::{Meta, Next, key};
use crate::wire::{RunStatus, Status};

/// What becomes of a request.
#[derive(Serialize, Deserialize)]
enum Start {
    /// The run begins with the store that has this hash. The store may be large, and this is in the
    /// journal.
    New {
        store: u64,
        at: u64,
    },
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
        let input = || self.job.input(run, &body, self.settings.max_store);
        let made = Mutex::new(None);
        let start = context.decide("start", || match &known {
            Some(known) => match self.job.compare(known, &body) {
                Ok(()) => Start::Known,
                Err(refused) => Start::Refused(refused),
            },
            None => match input() {
                Ok(input) => {
                    let store = hash(&input);
                    *made.lock().unwrap_or_else(PoisonError::into_inner) = Some(input);
                    let at = Clock::default().now();
                    Start::New { store, at }
                }
                Err(refused) => Start::Refused(refused),
            },
        });
        let start = start.await?;
        let made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
        match (start, &known) {
            (Start::Refused(refused), _) => Err(refused.into()),
            (Start::New { store, at }, None) => {
                let input = made.map_or_else(input, Ok)?;
                if hash(&input) != store {
                    let why = "another version of the program has taken over: start the run again";
                    return Err(Refused::new(503, why).into());
                }
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

    fn begin(&self, run: &str, definition: Json, at: u64) -> Meta {
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

fn hash(input: &Input) -> u64 {
    let mut hasher = DefaultHasher::new();
    input.definition.text().hash(&mut hasher);
    input.store.text().hash(&mut hasher);
    hasher.finish()
}
