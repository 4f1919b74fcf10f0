//! What a run stores as it makes progress: steps, items, and its end.

use std::time::Duration;

use super::{OpResult, Operation, all, fenced, head};
use crate::storage::data::{ItemKey, Retention, Step};
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

    fn describe(&self) -> String {
        format!("store step {} of run `{}`", self.step.step, self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        let (run, step) = (&*self.run, &self.step);
        let head = fenced(tx, run, &self.owner, Lock::Exclusive).await?;
        let (number, now) = (head.not_before(run, step.step)?, head.now);
        let (path, action) = (rules::text(&step.path), rules::text(&step.action));
        let length = millis::from_duration(self.lease);
        let until = now.saturating_add(length);
        let (position, graph, state) = (&step.position, &step.graph, &step.state);
        let row = values![run, number, &path, position, &action, length, until, now];
        tx.execute(sql::COMMIT_RUN, row).await?;
        tx.execute(sql::COMMIT_STATE, values![run, graph, state])
            .await?;
        tx.execute(sql::DROP_ITEMS, values![run, number]).await?;
        let last = match self.retention {
            Retention::All => None,
            Retention::Last(last) => Some(i64::from(last)),
            Retention::None => Some(0),
        };
        if last != Some(0) {
            let row = values![run, number, &path, position, &action, now, graph, state];
            tx.execute(sql::ADD_CHECKPOINT, row).await?;
        }
        if let Some(last) = last {
            tx.execute(sql::PRUNE_HISTORY, values![run, last]).await?;
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
        rules::id("run", &self.run)?;
        let step = rules::number("step", self.step)?;
        all(tx, sql::ITEMS, values![&self.run, step], rules::item).await
    }
}

/// Removes the stored items of a run's step.
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
        let head = head(tx, &self.run, Lock::Exclusive).await?;
        let lease = head.idle(&self.run, None, T::CLOCK, self.observed.as_ref())?;
        Ok(match lease {
            Availability::Free(()) => {
                Availability::Free(tx.execute(sql::DROP_ALL_ITEMS, values![&self.run]).await?)
            }
            Availability::Watch(observation) => Availability::Watch(observation),
        })
    }
}

pub(crate) struct Finish {
    pub(crate) run: String,
    pub(crate) owner: String,
    pub(crate) exit: String,
    pub(crate) state: String,
}

impl Operation for Finish {
    type Output = ();

    fn describe(&self) -> String {
        format!("store the end of run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        let run = &*self.run;
        let head = fenced(tx, run, &self.owner, Lock::Exclusive).await?;
        let row = values![run, rules::text(&self.exit), head.now];
        tx.execute(sql::FINISH_RUN, row).await?;
        tx.execute(sql::SET_STATE, values![run, &self.state])
            .await?;
        tx.execute(sql::DROP_ALL_ITEMS, values![run]).await?;
        Ok(())
    }
}
