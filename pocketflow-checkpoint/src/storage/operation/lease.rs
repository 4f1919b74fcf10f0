//! Who drives a run: the operations on its lease and its status.

use std::time::Duration;

use super::inner::progress;
use super::read::show;
use super::{OpResult, Operation, fenced, fenced_outermost, find, state};
use crate::storage::data::{BeginOutcome, NewRun, StateChange, Status};
use crate::storage::rules::{self, Availability, LeaseObservation, Takeover};
use crate::storage::transaction::{Lock, Transaction, values};
use crate::storage::{millis, sql};

pub(crate) struct Begin {
    pub(crate) run: String,
    pub(crate) owner: String,
    pub(crate) lease: Duration,
    pub(crate) new: NewRun,
    pub(crate) observed: Option<LeaseObservation>,
}

impl Operation for Begin {
    type Output = Availability<BeginOutcome>;

    fn run(&self) -> Option<&str> {
        Some(&self.run)
    }

    fn describe(&self) -> String {
        format!("begin run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Availability<BeginOutcome>, T> {
        let (run, owner) = (&*self.run, &*self.owner);
        rules::id("run", run)?;
        rules::id("owner", owner)?;
        let length = millis::from_duration(self.lease);
        let head = loop {
            if let Some(head) = find(tx, run, Lock::Exclusive).await? {
                break head;
            }
            let row = NewRow {
                run,
                new: &self.new,
                lease: Some((owner, length)),
                outer: None,
            };
            if insert(tx, row).await? {
                return Ok(Availability::Free(BeginOutcome::New));
            }
            // Another transaction has inserted the run and committed. The next look finds it,
            // unless it has been removed since.
        };
        head.outermost(run)?;
        let takeover = head.takeover(run, owner, T::CLOCK, self.observed.as_ref())?;
        let mut record = show(tx, run, head.now)
            .await?
            .ok_or_else(|| rules::unknown(run))?;
        match takeover {
            Takeover::Watch(observation) => return Ok(Availability::Watch(observation)),
            Takeover::None => {}
            Takeover::As(status) => {
                let until = head.now.saturating_add(length);
                let progress = progress(tx, run, head.step).await?;
                let (crashes, mark) = head.crashes(owner, &progress);
                let (status, now) = (status.as_str(), head.now);
                let row = values![run, owner, length, until, status, crashes, mark, now];
                tx.execute(sql::TAKE_OVER, row).await?;
                record.owner = Some(owner.to_owned());
                record.lease_until = Some(millis::to_time(until));
                record.crashes = crashes.unsigned_abs();
            }
        }
        Ok(Availability::Free(BeginOutcome::Known(Box::new(record))))
    }
}

/// A run that is not stored yet.
pub(super) struct NewRow<'a> {
    pub(super) run: &'a str,
    pub(super) new: &'a NewRun,
    /// The owner and the length of the lease.
    pub(super) lease: Option<(&'a str, i64)>,
    /// The outermost run and the run around it, if it is an inner run.
    pub(super) outer: Option<(&'a str, &'a str)>,
}

/// Stores a new run, unless it exists.
pub(super) async fn insert<T: Transaction>(tx: &mut T, row: NewRow<'_>) -> OpResult<bool, T> {
    let NewRow {
        run,
        new,
        lease,
        outer,
    } = row;
    let now = tx.now().await?;
    let whole = StateChange::all(&*new.state);
    let stored = state::changed(run, "{}", &whole, 0)?;
    let (flow, position, state) = (rules::text(&new.flow), &new.position, &stored.state);
    let inserted = match outer {
        None => {
            let (owner, length) = lease.unzip();
            let until = length.map(|length| now.saturating_add(length));
            let row = values![run, flow, position, owner, length, until, now, state];
            tx.execute(sql::BEGIN_RUN, row).await?
        }
        Some((root, outer)) => {
            let row = values![run, flow, position, now, state, root, outer];
            tx.execute(sql::BEGIN_INNER, row).await?
        }
    };
    if inserted == 0 {
        return Ok(false);
    }
    let graph = (String::new(), &*new.graph);
    for (name, text) in stored.long.into_iter().chain([graph]) {
        tx.execute(sql::ADD_TEXT, values![run, &name, 0, text])
            .await?;
    }
    Ok(true)
}

pub(crate) struct Renew {
    pub(crate) run: String,
    pub(crate) owner: String,
    pub(crate) lease: Duration,
}

impl Operation for Renew {
    type Output = ();

    fn run(&self) -> Option<&str> {
        Some(&self.run)
    }

    fn describe(&self) -> String {
        format!("renew the lease of run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        let head = fenced_outermost(tx, &self.run, &self.owner, Lock::Renewal).await?;
        let length = millis::from_duration(self.lease);
        let until = head.now.saturating_add(length);
        tx.execute(sql::RENEW, values![&self.run, length, until])
            .await?;
        Ok(())
    }
}

/// Releases the lease of a run: see
/// [`Engine::release_in_background`](crate::engine::Engine::release_in_background).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub(crate) run: String,
    pub(crate) owner: String,
}

impl Operation for Release {
    type Output = ();

    fn run(&self) -> Option<&str> {
        Some(&self.run)
    }

    fn describe(&self) -> String {
        format!("release run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        fenced_outermost(tx, &self.run, &self.owner, Lock::Exclusive).await?;
        tx.execute(sql::RELEASE, values![&self.run]).await?;
        Ok(())
    }
}

/// Stores that a run failed, or that it is stuck.
pub(crate) struct Fail {
    pub(crate) run: String,
    pub(crate) owner: String,
    pub(crate) message: String,
    pub(crate) status: Status,
}

impl Operation for Fail {
    type Output = ();
    const ALONE: bool = true;

    fn run(&self) -> Option<&str> {
        Some(&self.run)
    }

    fn describe(&self) -> String {
        match self.status {
            Status::Stuck => format!("store that run `{}` is stuck", self.run),
            _ => format!("store that run `{}` failed", self.run),
        }
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        let head = fenced(tx, &self.run, &self.owner, Lock::Exclusive).await?;
        if self.status == Status::Stuck {
            head.outermost(&self.run)?;
        }
        let (message, status) = (rules::text(&self.message), self.status.as_str());
        tx.execute(sql::FAIL, values![&self.run, message, head.now, status])
            .await?;
        // When the run starts again, so do the attempts.
        tx.execute(sql::DROP_ALL_ATTEMPTS, values![&self.run])
            .await?;
        Ok(())
    }
}
