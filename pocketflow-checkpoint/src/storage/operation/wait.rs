//! What a run waits for, and what its waits are filled with.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::inner::lock_outermost;
use super::{OpResult, Operation, all, count, fenced, first, head, state};
use crate::storage::data::{OpenWait, Pause, StateChange};
use crate::storage::rules::{self, KnownWait, WaitName};
use crate::storage::transaction::{Lock, Transaction, values};
use crate::storage::{millis, sql};

/// Lets a run wait.
pub(crate) struct Wait {
    pub(crate) run: String,
    pub(crate) owner: String,
    pub(crate) step: u64,
    pub(crate) field: String,
    pub(crate) within: Option<Duration>,
    pub(crate) position: String,
    pub(crate) graph: Option<String>,
    pub(crate) state: StateChange,
    pub(crate) refused: Option<String>,
}

impl Wait {
    pub(crate) fn new(run: &str, owner: &str, pause: &Pause<'_>) -> Self {
        Self {
            run: run.to_owned(),
            owner: owner.to_owned(),
            step: pause.step,
            field: pause.field.to_owned(),
            within: pause.within,
            position: pause.position.to_owned(),
            graph: pause.graph.map(str::to_owned),
            state: pause.state.clone(),
            refused: pause.refused.map(str::to_owned),
        }
    }

    /// The wait in the step after `step`. One that the run has not reached before is stored.
    async fn visit<T: Transaction>(&self, tx: &mut T, step: i64, now: i64) -> OpResult<Visit, T> {
        let (run, field) = (&*self.run, &*self.field);
        let within = self.within.map(millis::from_duration);
        let deadline = within.map(|within| now.saturating_add(within));
        if let Some(mut row) = first(tx, sql::WAIT_AT, values![run, field, step + 1]).await? {
            let mut visit = Visit {
                number: row.int(0)?,
                value: row.maybe_text(1)?,
                deadline: row.maybe_int(2)?,
                expired: row.int(3)? != 0,
            };
            // The flow has given the wait a deadline in the meantime.
            if let (None, Some(deadline)) = (visit.deadline, deadline) {
                let row = values![run, field, visit.number, deadline];
                tx.execute(sql::SET_DEADLINE, row).await?;
                visit.deadline = Some(deadline);
            }
            return Ok(visit);
        }
        let number = count(tx, sql::LAST_VISIT, values![run, field]).await? + 1;
        let early = first(tx, sql::WAIT_NAMED, values![run, field, number]).await?;
        let row = values![run, field, number, step + 1, deadline];
        tx.execute(sql::OPEN_WAIT, row).await?;
        let value = early.map(|mut row| row.maybe_text(1)).transpose()?;
        Ok(Visit {
            number,
            value: value.flatten(),
            deadline,
            expired: false,
        })
    }
}

/// What is stored of a wait that the run has reached.
struct Visit {
    number: i64,
    value: Option<String>,
    deadline: Option<i64>,
    expired: bool,
}

impl Operation for Wait {
    type Output = OpenWait;
    const ALONE: bool = true;

    fn run(&self) -> Option<&str> {
        Some(&self.run)
    }

    fn describe(&self) -> String {
        format!("let run `{}` wait", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<OpenWait, T> {
        let (run, field, position) = (&*self.run, &*self.field, &*self.position);
        let sleeps = field.is_empty() && self.within.is_some();
        if !sleeps {
            rules::id("field", field)?;
        }
        let head = fenced(tx, run, &self.owner, Lock::Exclusive).await?;
        let (step, now) = (head.not_before(run, self.step)?, head.now);
        let Visit {
            number: visit,
            value,
            deadline,
            expired,
        } = self.visit(tx, step, now).await?;
        // A flow that has no deadline any more does not know what to do after it.
        let deadline = deadline.filter(|_| self.within.is_some());
        let change = (&self.state, self.graph.as_deref());
        state::store(tx, run, &head, change).await?;
        let name = match sleeps {
            true => String::new(),
            false => rules::wait_name(field, visit),
        };
        let waits_for = (!sleeps).then_some(field);
        let open = OpenWait::open(name, deadline, now);
        let is_filled = value.is_some() && self.refused.is_none();
        let expires = deadline.is_some_and(|deadline| expired || deadline <= now);
        if is_filled || expires {
            if !is_filled {
                tx.execute(sql::EXPIRE, values![run, field, visit]).await?;
            }
            let row = values![run, step, waits_for, visit, position, now];
            tx.execute(sql::PASS_WAIT, row).await?;
            return Ok(OpenWait {
                value: value.filter(|_| is_filled),
                expired: !is_filled,
                until: None,
                left: None,
                ..open
            });
        }
        tx.execute(sql::DROP_VALUE, values![run, field, visit])
            .await?;
        let message = self.refused.as_deref().map(rules::text);
        // A worker takes up an outermost run, which takes its inner runs along.
        let due = deadline.filter(|_| head.is_outermost());
        let row = values![run, step, waits_for, visit, position, message, now, due];
        tx.execute(sql::WAIT_RUN, row).await?;
        Ok(open)
    }
}

pub(crate) struct Fill {
    pub(crate) run: String,
    pub(crate) wait: String,
    pub(crate) json: String,
}

impl Operation for Fill {
    type Output = ();

    fn describe(&self) -> String {
        format!("fill `{}` of run `{}`", self.wait, self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        let run = &*self.run;
        let WaitName { field, visit } = WaitName::parse(&self.wait)?;
        rules::json(run, &self.wait, &self.json)?;
        let outermost = lock_outermost(tx, run).await?;
        if let Some((outermost, owned)) = &outermost {
            owned.not_cancelled(outermost)?;
        }
        let head = head(tx, run, Lock::Exclusive).await?;
        let visit = match visit {
            None => {
                if let Some(open) = head.open().filter(|(open, _)| *open == field) {
                    let known = first(tx, sql::WAIT_NAMED, values![run, field, open.1]).await?;
                    let known = known.map(KnownWait::read).transpose()?;
                    if known.as_ref().is_some_and(|known| known.expired) {
                        head.named(run, open, known)?;
                    }
                }
                head.fillable(run, field)?
            }
            Some(visit) => {
                let known = first(tx, sql::WAIT_NAMED, values![run, field, visit]).await?;
                let known = known.map(KnownWait::read).transpose()?;
                let is_early = known.is_none();
                head.named(run, (field, visit), known)?;
                if is_early {
                    let graph = first(tx, sql::GRAPH, values![run, head.graph]).await?;
                    let graph = graph.map(|mut row| row.text(0)).transpose()?;
                    rules::awaited(run, field, &graph.unwrap_or_default())?;
                }
                visit
            }
        };
        let open = i64::from(head.open() == Some((field, visit)));
        tx.execute(sql::FILL, values![run, field, visit, &self.json])
            .await?;
        tx.execute(sql::FILL_RUN, values![run, open, head.now])
            .await?;
        if let (Some((outermost, _)), 1) = (outermost, open) {
            tx.execute(sql::FILL_OUTERMOST, values![&outermost, head.now])
                .await?;
        }
        Ok(())
    }
}

/// Reads what a wait was filled with.
pub(crate) struct Filled {
    pub(crate) run: String,
    pub(crate) wait: String,
}

impl Operation for Filled {
    type Output = Option<String>;
    const WRITES: bool = false;

    fn describe(&self) -> String {
        format!("read what was filled into run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Option<String>, T> {
        let run = &*self.run;
        let WaitName { field, visit } = WaitName::parse(&self.wait)?;
        rules::run_id(run)?;
        let row = first(tx, sql::FILLED, values![run, field, visit]).await?;
        row.ok_or_else(|| rules::unknown(run))?.maybe_text(0)
    }
}

/// Finds the runs that do not wait any more.
pub(crate) struct Moved {
    /// An object with the last step of each run.
    waiting: String,
}

impl Moved {
    pub(crate) fn new(waiting: &[(String, u64)]) -> Self {
        Self {
            waiting: serde_json::to_string(&Steps(waiting)).expect("texts and numbers are JSON"),
        }
    }
}

struct Steps<'a>(&'a [(String, u64)]);

impl Serialize for Steps<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(run, step)| (run, step)))
    }
}

impl Operation for Moved {
    type Output = Vec<String>;
    const WRITES: bool = false;

    fn describe(&self) -> String {
        "look at the runs that wait".to_owned()
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Vec<String>, T> {
        all(tx, T::MOVED, values![&self.waiting], |mut row| row.text(0)).await
    }
}

/// Reads a text that changes with the database.
pub(crate) struct ReadVersion;

impl Operation for ReadVersion {
    type Output = Option<String>;
    const WRITES: bool = false;

    fn describe(&self) -> String {
        "see whether it has changed".to_owned()
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Option<String>, T> {
        match T::VERSION {
            Some(sql) => first(tx, sql, &[])
                .await?
                .map(|mut row| row.text(0))
                .transpose(),
            None => Ok(None),
        }
    }
}
