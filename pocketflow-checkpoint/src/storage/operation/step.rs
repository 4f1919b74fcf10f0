//! What a run stores as it makes progress: steps, items, and its end.

use std::collections::BTreeSet;
use std::time::Duration;

use super::inner::lock_owned;
use super::{OpResult, Operation, all, fenced, state};
use crate::storage::data::{ItemKey, Retention, StateChange, Step};
use crate::storage::rules::{self, Availability, LeaseObservation};
use crate::storage::transaction::{Lock, Transaction, values};
use crate::storage::{millis, sql};

pub(crate) struct Commit {
    pub(crate) run: String,
    pub(crate) owner: String,
    pub(crate) lease: Duration,
    pub(crate) step: Step,
    pub(crate) retention: Retention,
}

impl Operation for Commit {
    type Output = ();
    const ALONE: bool = true;

    fn run(&self) -> Option<&str> {
        Some(&self.run)
    }

    fn describe(&self) -> String {
        format!("store step {} of run `{}`", self.step.step, self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        let (run, step) = (&*self.run, &self.step);
        let head = fenced(tx, run, &self.owner, Lock::Exclusive).await?;
        let (number, now) = (head.not_before(run, step.step)?, head.now);
        let (path, action) = (rules::text(&step.path), rules::text(&step.action));
        // The lease of an inner run is that of the outermost run.
        let length = match head.root {
            None => Some(millis::from_duration(self.lease)),
            Some(_) => None,
        };
        let until = length.map(|length| now.saturating_add(length));
        let replaced = match number == head.step {
            true => state::replace(tx, run, number).await?,
            false => BTreeSet::new(),
        };
        let change = (&step.state, step.graph.as_deref());
        let new = state::change(tx, run, &head, change, replaced).await?;
        let last = match self.retention {
            Retention::All => None,
            Retention::Last(last) => Some(i64::from(last)),
            Retention::None => Some(0),
        };
        if let Some(last) = last {
            // This step is one of the last.
            let before = (last - 1).max(0);
            state::prune(tx, run, before, &new.stored).await?;
        }
        new.add_texts(tx, run).await?;
        let (position, graph, state) = (&step.position, new.stored.graph, &new.stored.state);
        let row = values![
            run, number, &path, position, &action, length, until, now, graph, state
        ];
        let commit = match head.is_running() {
            true => sql::COMMIT_RUNNING,
            false => sql::COMMIT_RUN,
        };
        tx.execute(commit, row).await?;
        tx.execute(sql::DROP_ITEMS, values![run, number]).await?;
        if step.attempts {
            tx.execute(sql::DROP_ATTEMPTS, values![run, number]).await?;
        }
        if step.inner_runs {
            tx.execute(sql::DROP_INNER, values![run]).await?;
        }
        if last != Some(0) {
            let version = head.next_version();
            let row = values![
                run, number, &path, position, &action, now, version, graph, state
            ];
            tx.execute(sql::ADD_CHECKPOINT, row).await?;
        }
        Ok(())
    }
}

pub(crate) struct KeepItem {
    pub(crate) run: String,
    pub(crate) owner: String,
    pub(crate) step: u64,
    pub(crate) item: ItemKey,
    pub(crate) json: String,
}

impl Operation for KeepItem {
    type Output = ();

    fn run(&self) -> Option<&str> {
        Some(&self.run)
    }

    fn describe(&self) -> String {
        format!("store an item of step {} of run `{}`", self.step, self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        // The items of one step can be stored at the same time: their locks exclude other owners,
        // but not one another.
        fenced(tx, &self.run, &self.owner, Lock::Shared).await?;
        let (branch, item) = rules::item_columns(&self.item)?;
        let step = rules::number("step", self.step)?;
        let row = values![&self.run, step, branch, item, &self.json];
        tx.execute(sql::KEEP_ITEM, row).await?;
        Ok(())
    }
}

pub(crate) struct Items {
    pub(crate) run: String,
    pub(crate) step: u64,
}

impl Operation for Items {
    type Output = Vec<(ItemKey, String)>;
    const WRITES: bool = false;

    fn describe(&self) -> String {
        format!("read the items of step {} of run `{}`", self.step, self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Vec<(ItemKey, String)>, T> {
        rules::run_id(&self.run)?;
        let step = rules::number("step", self.step)?;
        all(tx, sql::ITEMS, values![&self.run, step], rules::item).await
    }
}

/// Removes the stored items and inner runs of a run's step.
pub(crate) struct DropItems {
    pub(crate) run: String,
    pub(crate) observed: Option<LeaseObservation>,
}

impl Operation for DropItems {
    type Output = Availability<u64>;

    fn describe(&self) -> String {
        format!("remove the stored items of run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Availability<u64>, T> {
        let run = &*self.run;
        let (outermost, owned) = lock_owned(tx, run).await?;
        let lease = owned.idle(&outermost, None, T::CLOCK, self.observed.as_ref())?;
        Ok(match lease {
            Availability::Free(()) => {
                tx.execute(sql::DROP_ALL_ATTEMPTS, values![run]).await?;
                let items = tx.execute(sql::DROP_ALL_ITEMS, values![run]).await?;
                let inner_runs = tx.execute(sql::DROP_INNER, values![run]).await?;
                Availability::Free(items + inner_runs)
            }
            Availability::Watch(observation) => Availability::Watch(observation),
        })
    }
}

pub(crate) struct Finish {
    pub(crate) run: String,
    pub(crate) owner: String,
    pub(crate) exit: String,
    pub(crate) state: StateChange,
}

impl Operation for Finish {
    type Output = ();
    const ALONE: bool = true;

    fn run(&self) -> Option<&str> {
        Some(&self.run)
    }

    fn describe(&self) -> String {
        format!("store the end of run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        let run = &*self.run;
        let head = fenced(tx, run, &self.owner, Lock::Exclusive).await?;
        state::store(tx, run, &head, (&self.state, None)).await?;
        let row = values![run, rules::text(&self.exit), head.now];
        tx.execute(sql::FINISH_RUN, row).await?;
        tx.execute(sql::DROP_ALL_ITEMS, values![run]).await?;
        Ok(())
    }
}
