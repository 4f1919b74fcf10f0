//! How the entries of a burst change the state of a run.
//!
//! The state after a burst depends on the state before and on the entries alone.

use super::{Fields, Inner, Meta, Run};
use crate::pump::{
    Attempt, Begun, End, Entry, Json, Key, Migrated, Outcome, Part, Record, Wait, Why,
};
use crate::wire::{self, NextAttempt, RunError, Status};

/// What a run does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// The burst of this number begins now.
    Burst(u64),
    /// The burst of this number begins later, in milliseconds since the Unix epoch.
    BurstAt(u64, u64),
    /// It waits for a value.
    Waits,
    /// It is over.
    Over,
}

impl Run {
    /// Folds an entry into the state.
    pub(crate) fn fold(&mut self, entry: &Entry) {
        for record in &entry.records {
            self.fold_record(record);
        }
        if let Some(definition) = &entry.definition {
            self.meta.definition = definition.clone();
        }
        self.meta.status.updated = entry.at;
    }

    fn fold_record(
        &mut self,
        Record {
            key,
            begun,
            outcome,
        }: &Record,
    ) {
        if let Some(begun) = begun.as_ref().filter(|_| !key.run.is_empty()) {
            let inner = self.log.inner.entry(key.run.clone());
            inner.or_insert_with(|| Inner::begun(begun));
        }
        let step = match outcome {
            Outcome::Step(step) => step,
            outcome => {
                match outcome {
                    Outcome::Wait(wait) => self.arrive(&key.run, wait),
                    Outcome::Migrated(migrated) => return self.migrate(migrated),
                    _ => {}
                }
                return self.log.insert(key, outcome);
            }
        };
        let (position, action) = (Some(step.position.clone()), Some(step.action.clone()));
        if key.run.is_empty() {
            self.store_changed |= merge(&mut self.store, &step.change);
            self.meta.status.step = key.step;
            self.meta.position = position;
            self.meta.action = action;
        } else if let Some(inner) = self.log.inner.get_mut(&key.run) {
            merge(&mut inner.store, &step.change);
            inner.step = key.step;
            inner.position = position;
            inner.action = action;
        }
        self.log.forget(&key.run, key.step);
    }

    /// The run is one of another program from now on. Fields that it does not have any more are gone.
    fn migrate(&mut self, migrated: &Migrated) {
        self.store = fields(&migrated.store);
        self.store_changed = true;
        self.meta.definition = migrated.definition.clone();
        self.meta.position.clone_from(&migrated.position);
    }

    /// A run is at an `await` or a `sleep`.
    fn arrive(&mut self, run: &str, wait: &Wait) {
        let (position, visits) = match run {
            "" => (&mut self.meta.position, &mut self.meta.visits),
            run => match self.log.inner.get_mut(run) {
                Some(inner) => (&mut inner.position, &mut inner.visits),
                None => return,
            },
        };
        *position = Some(wait.position.clone());
        if !wait.field.is_empty() {
            visits.insert(wait.field.clone(), wait.visit);
        }
    }

    /// The burst has ended. All its entries have been folded.
    pub(crate) fn close(&mut self, end: &End) -> Next {
        self.meta.burst += 1;
        let status = &mut self.meta.status;
        status.at.clone_from(&end.at);
        status.problem = None;
        status.waits.clear();
        (status.until, status.next_attempt, status.error) = (None, None, None);
        match &end.why {
            Why::GoesOn => {
                status.status = Status::Running;
                status.problem.clone_from(&end.problem);
                Next::Burst(self.meta.burst)
            }
            Why::Finished { exit, change } => {
                status.status = Status::Finished;
                status.exit = Some(exit.clone());
                status.at = None;
                self.store_changed |= merge(&mut self.store, change);
                self.log = Default::default();
                Next::Over
            }
            Why::Suspended(error) => self.suspend(error),
            Why::Failed(error) => self.fail(error),
            Why::Cancelled => {
                status.status = Status::Cancelled;
                Next::Over
            }
        }
    }

    pub(crate) fn fail(&mut self, error: &RunError) -> Next {
        let status = &mut self.meta.status;
        status.status = Status::Failed;
        status.error = Some(error.clone());
        Next::Over
    }

    /// A run that has stopped goes on. Its attempts start over.
    pub(crate) fn retry(&mut self, now: u64) -> Next {
        self.meta.burst += 1;
        let status = &mut self.meta.status;
        status.updated = now;
        if status.status.is_over() {
            status.error = None;
            let attempts = |key: &Key| matches!(key.part, Part::Attempt(..));
            self.log.parts.retain(|key, _| !attempts(key));
        }
        status.status = Status::Running;
        status.waits.clear();
        (status.until, status.next_attempt, status.problem) = (None, None, None);
        Next::Burst(self.meta.burst)
    }

    fn suspend(&mut self, error: &RunError) -> Next {
        let due = self.due();
        let waits: Vec<_> = self.waits().map(|(key, wait)| open(key, wait)).collect();
        let next_attempt = self.next_attempt();
        let status = &mut self.meta.status;
        status.waits = waits;
        if status.waits.is_empty() {
            // Something other than this driver has suspended the run, and nothing would wake it.
            let Some(due) = due else {
                return self.fail(error);
            };
            status.until = Some(due);
            status.next_attempt = next_attempt.filter(|attempt| attempt.due == due);
            status.status = Status::Sleeping;
        } else {
            status.status = Status::Waiting;
        }
        match due {
            Some(due) => Next::BurstAt(self.meta.burst, due),
            None => Next::Waits,
        }
    }

    /// The open waits for fields.
    pub(crate) fn waits(&self) -> impl Iterator<Item = (&Key, &Wait)> {
        self.log
            .parts
            .iter()
            .filter_map(|(key, outcome)| match outcome {
                Outcome::Wait(wait) if !wait.field.is_empty() && wait.value.is_none() => {
                    Some((key, wait))
                }
                _ => None,
            })
    }

    /// Answers an open wait.
    pub(crate) fn answer(&mut self, key: &Key, value: Json) {
        if let Some(Outcome::Wait(wait)) = self.log.parts.get_mut(key) {
            wait.value = Some(value);
        }
        let status = &mut self.meta.status;
        let name = |run: Option<&str>| run.unwrap_or_default() == key.run;
        let field = match self.log.parts.get(key) {
            Some(Outcome::Wait(wait)) => wait.name(),
            _ => return,
        };
        status
            .waits
            .retain(|wait| wait.name != field || !name(wait.inner.as_deref()));
    }

    /// When the first wait expires, the first sleep is over, or the first attempt is due.
    fn due(&self) -> Option<u64> {
        let due = self.log.parts.values().filter_map(|outcome| match outcome {
            Outcome::Wait(wait) if wait.value.is_none() => wait.until,
            Outcome::Attempt(attempt) => Some(attempt.due),
            _ => None,
        });
        due.min()
    }

    /// The attempt that is due first.
    fn next_attempt(&self) -> Option<NextAttempt> {
        let attempts = self.log.parts.iter().filter_map(|(key, outcome)| {
            let (Part::Attempt(_, number), Outcome::Attempt(attempt)) = (key.part, outcome) else {
                return None;
            };
            let Attempt {
                path,
                of,
                due,
                causes,
            } = attempt.clone();
            Some(NextAttempt {
                path,
                number,
                of,
                due,
                causes,
            })
        });
        attempts.min_by_key(|attempt| attempt.due)
    }
}

impl Meta {
    /// The run is cancelled between two bursts.
    pub(crate) fn cancel(&mut self, now: u64) {
        self.burst += 1;
        let status = &mut self.status;
        status.status = Status::Cancelled;
        status.updated = now;
        status.waits.clear();
        status.problem = None;
        (status.until, status.next_attempt, status.error) = (None, None, None);
    }
}

impl Inner {
    fn begun(begun: &Begun) -> Self {
        Self {
            definition: begun.definition.clone(),
            store: fields(&begun.store),
            step: 0,
            position: None,
            action: None,
            visits: Default::default(),
        }
    }
}

/// An open wait, as it is reported.
fn open(key: &Key, wait: &Wait) -> wire::Wait {
    wire::Wait {
        name: wait.name(),
        field: wait.field.clone(),
        inner: (!key.run.is_empty()).then(|| key.run.clone()),
        until: wait.until,
        refused: wait.refused.clone(),
    }
}

/// Merges fields into a store. Returns whether it changes.
fn merge(store: &mut Fields, change: &Json) -> bool {
    let change = fields(change);
    let changes = !change.is_empty();
    store.extend(change);
    changes
}

/// The fields of an object. The driver writes nothing else.
fn fields(object: &Json) -> Fields {
    serde_json::from_str(object.text()).unwrap_or_default()
}
