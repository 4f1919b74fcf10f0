//! A new run that is stored for a worker.

use pocketflow::{Error, Graph};

use super::DurableRun;
use super::begins_at::BeginsAt;
use super::retry::retry;
use crate::events::event;
use crate::storage::{BeginOutcome, NewRun, Storage};
use pocketflow_durable::{Durable, refuse_empty_inputs};

impl<E: Storage> DurableRun<E> {
    /// Stores the run for a worker, unless it is stored already.
    pub(crate) async fn enqueue<S: Durable>(
        &self,
        flow: &'static Graph,
        mut shared: S,
    ) -> Result<(), Error> {
        let at = BeginsAt::outermost(flow);
        let definition = self.definition(at, &mut shared)?;
        refuse_empty_inputs(flow, &shared)?;
        let state = self
            .encode(&mut shared)
            .map_err(|error| flow.error(error))?;
        let new = NewRun {
            flow: flow.name.into(),
            graph: definition.encode(),
            state,
            position: String::from("null"),
        };
        let mut backoff = self.backoff();
        let stored = retry!(backoff, self.runs.storage.enqueue(&self.id, &new));
        match stored.map_err(|error| flow.error(error))? {
            BeginOutcome::New => {
                event!(INFO, "run enqueued", run = &*self.id, flow = flow.name);
            }
            // It must be a run of this flow with this input.
            BeginOutcome::Known(record) => {
                self.resume(at, &record, &mut shared)?;
            }
        }
        self.runs.ready.send_replace(());
        self.runs.storage.announce(&self.id).await;
        Ok(())
    }
}
