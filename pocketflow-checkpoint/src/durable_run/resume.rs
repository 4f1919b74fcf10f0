//! Whether a stored run fits the program, and how it resumes.

use pocketflow::Error;
use pocketflow_durable::{Definition, Durable, Resumed, StoredRun, resumes};

use super::begins_at::BeginsAt;
use super::{DurableRun, HINTS};
use crate::storage::{RunRecord, Status, Storage};

impl<E: Storage> DurableRun<E> {
    /// The definition of this flow, with the hashes of the input.
    pub(super) fn definition<S: Durable>(
        &self,
        at: BeginsAt<'_>,
        shared: &mut S,
    ) -> Result<Definition, Error> {
        self.secrets.know::<S>();
        let definition = Definition::of_run(&self.id, at.flow, &self.runs.schemas, shared);
        definition.map_err(|error| at.error(error))
    }

    pub(super) fn resume<S: Durable>(
        &self,
        at: BeginsAt<'_>,
        record: &RunRecord,
        shared: &mut S,
    ) -> Result<Resumed, Error> {
        self.secrets.know_stored::<S>(record);
        // The store that a worker makes is not input.
        let compares_input = self.claimed.is_none();
        let resumed = resumes(
            at.flow,
            &stored_run(record),
            self.migration.as_ref(),
            compares_input,
            HINTS,
            shared,
        );
        let resumed = resumed.map_err(|error| at.error(error))?;
        if resumed.state != record.state {
            self.secrets.learn(&resumed.state);
        }
        Ok(resumed)
    }
}

/// What of a record decides how the run resumes.
pub(super) fn stored_run(record: &RunRecord) -> StoredRun<'_> {
    let exit = record.exit.as_deref().unwrap_or("default");
    StoredRun {
        run: &record.run,
        definition: &record.graph,
        state: &record.state,
        position: &record.position,
        step: record.step,
        action: record.action.as_deref(),
        exit: (record.status == Status::Finished).then_some(exit),
        outer: record.outer.as_deref(),
    }
}
