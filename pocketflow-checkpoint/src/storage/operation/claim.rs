//! What a worker does: it takes up runs that can continue, and those whose owners have died.

use std::collections::HashMap;
use std::time::Duration;

use super::inner::progress;
use super::lease::{self, NewRow};
use super::read::show;
use super::{OpResult, Operation, all, fenced_outermost, find};
use crate::storage::claim::Claim;
use crate::storage::data::{BeginOutcome, NewRun, RunRecord};
use crate::storage::rules::{self, Availability, HeldLease, LeaseObservation};
use crate::storage::transaction::{Lock, Transaction, values};
use crate::storage::{millis, sql};

/// Stores a new run that no owner holds.
pub(crate) struct Enqueue {
    pub(crate) run: String,
    pub(crate) new: NewRun,
}

impl Operation for Enqueue {
    type Output = BeginOutcome;

    fn describe(&self) -> String {
        format!("store the new run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<BeginOutcome, T> {
        let (run, new) = (&*self.run, &self.new);
        rules::id("run", run)?;
        loop {
            let now = tx.now().await?;
            if let Some(record) = show(tx, run, now).await? {
                return Ok(BeginOutcome::Known(Box::new(record)));
            }
            let (lease, outer) = (None, None);
            let row = NewRow {
                run,
                new,
                lease,
                outer,
            };
            if lease::insert(tx, row).await? {
                return Ok(BeginOutcome::New);
            }
            // Another transaction has inserted the run in between.
        }
    }
}

/// Takes the leases of runs that can continue.
pub(crate) struct TakeUp {
    owner: String,
    lease: Duration,
    flows: Vec<String>,
    limit: u32,
}

impl TakeUp {
    pub(crate) fn new(claim: &Claim<'_>) -> Self {
        Self {
            owner: claim.owner.to_owned(),
            lease: claim.lease,
            flows: claim.flows.iter().copied().map(str::to_owned).collect(),
            limit: claim.limit,
        }
    }
}

impl Operation for TakeUp {
    type Output = Vec<RunRecord>;

    fn describe(&self) -> String {
        "take up runs".to_owned()
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Vec<RunRecord>, T> {
        rules::id("owner", &self.owner)?;
        let now = tx.now().await?;
        let length = millis::from_duration(self.lease);
        let until = now.saturating_add(length);
        let mut taken = Vec::new();
        for flow in &self.flows {
            let left = i64::from(self.limit) - taken.len() as i64;
            if left <= 0 {
                break;
            }
            let ready = values![rules::text(flow), now, left];
            let ready = all(tx, T::READY, ready, |mut row| row.text(0)).await?;
            for run in ready {
                let Some(mut record) = show(tx, &run, now).await? else {
                    continue;
                };
                tx.execute(sql::TAKE_UP, values![&run, &self.owner, length, until, now])
                    .await?;
                record.owner = Some(self.owner.clone());
                record.lease_until = Some(millis::to_time(until));
                taken.push(record);
            }
        }
        Ok(taken)
    }
}

/// Finds the runs of these flows whose owners have died, and those of which this is unknown.
pub(crate) struct Owned {
    pub(crate) flows: Vec<String>,
    pub(crate) seen: HashMap<String, LeaseObservation>,
}

/// A run whose owner has died, with what showed that.
pub(crate) struct Orphan {
    run: String,
    observed: Option<LeaseObservation>,
}

impl Operation for Owned {
    type Output = (Vec<Orphan>, HashMap<String, LeaseObservation>);
    const WRITES: bool = false;

    fn describe(&self) -> String {
        "look for runs whose processes have died".to_owned()
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Self::Output, T> {
        let now = tx.now().await?;
        let (mut dead, mut suspects) = (Vec::new(), HashMap::new());
        for mut row in tx.rows(sql::OWNED, &[]).await? {
            let (run, flow, owner) = (row.text(0)?, row.text(1)?, row.text(2)?);
            if !self.flows.contains(&flow) {
                continue;
            }
            let lease = HeldLease::new(&owner, row.maybe_int(3)?, row.maybe_int(4)?, row.int(5)?);
            let observed = self.seen.get(&run);
            match lease.availability(&run, now, T::CLOCK, observed) {
                Ok(Availability::Free(())) => {
                    let observed = observed.cloned();
                    dead.push(Orphan { run, observed });
                }
                Ok(Availability::Watch(observation)) => {
                    suspects.insert(run, observation);
                }
                // It is alive.
                Err(_) => {}
            }
        }
        dead.sort_by(|a, b| a.run.cmp(&b.run));
        Ok((dead, suspects))
    }
}

/// Releases the leases of owners that have died, so that their runs can be taken up.
pub(crate) struct ReleaseOrphans {
    /// In the order of their ids, so that two workers do not lock them in different orders.
    pub(crate) dead: Vec<Orphan>,
}

impl Operation for ReleaseOrphans {
    type Output = u64;

    fn describe(&self) -> String {
        "release the leases of processes that have died".to_owned()
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<u64, T> {
        let mut released = 0;
        for Orphan { run, observed } in &self.dead {
            let Some(head) = find(tx, run, Lock::Exclusive).await? else {
                continue;
            };
            // In the meantime it may have been renewed, released or taken over.
            let lease = head.idle(run, None, T::CLOCK, observed.as_ref());
            let Ok(Availability::Free(())) = lease else {
                continue;
            };
            if !head.is_owned() {
                continue;
            }
            let progress = progress(tx, run, head.step).await?;
            let (crashes, mark) = head.crashes("", &progress);
            released += tx
                .execute(sql::RELEASE_ORPHAN, values![run, crashes, mark])
                .await?;
        }
        Ok(released)
    }
}

/// Releases the lease of a run that this program cannot resume.
pub(crate) struct Defer {
    pub(crate) run: String,
    pub(crate) owner: String,
    pub(crate) message: String,
}

/// The shortest and the longest time until a deferred run is tried again, in milliseconds.
const DEFERRED: (i64, i64) = (60_000, 3_600_000);

impl Operation for Defer {
    type Output = ();

    fn describe(&self) -> String {
        format!("defer run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        let head = fenced_outermost(tx, &self.run, &self.owner, Lock::Exclusive).await?;
        let Some(record) = show(tx, &self.run, head.now).await? else {
            return Err(rules::unknown(&self.run).into());
        };
        let unchanged = head.now.saturating_sub(millis::from_time(record.updated));
        let due = head
            .now
            .saturating_add(unchanged.clamp(DEFERRED.0, DEFERRED.1));
        let row = values![&self.run, rules::text(&self.message), due];
        tx.execute(sql::DEFER, row).await?;
        Ok(())
    }
}
