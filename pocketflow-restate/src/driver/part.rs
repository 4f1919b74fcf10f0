//! A piece of work of a run that another worker drives.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pocketflow::{Error, ItemCall, Node, Run, StepInfo, Taken};
use pocketflow_durable::encoding::write_value;
use pocketflow_durable::{Durable, Kept, branch, caught};

use super::local::Local;
use super::{Burst, Pause};
use crate::items::Answer;
use crate::pump::{Attempt, Json, Key, Outcome, Part, Record};

/// The piece of work. The flow resumes at the step, and does nothing else.
pub(crate) struct Portion {
    pub(super) key: Key,
    memory: Mutex<Memory>,
}

struct Memory {
    /// The items from this index on are looked at, and only the first of them at first.
    from: usize,
    alone: bool,
    /// How many items the flow has looked at, how many the step has, and how often it has looked.
    seen: usize,
    items: usize,
    looks: usize,
    answer: Option<Answer>,
    waits: Option<(u32, Attempt)>,
}

impl Portion {
    pub(crate) fn new(key: Key, index: Option<usize>) -> Self {
        let memory = Memory {
            from: index.unwrap_or_default(),
            alone: true,
            seen: 0,
            items: 0,
            looks: 0,
            answer: None,
            waits: None,
        };
        Self {
            key,
            memory: Mutex::new(memory),
        }
    }

    /// The memory is consistent whenever the lock is free, so a poisoned lock can be used.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What became of it, if the flow has reached it.
    pub(crate) fn answer(&self) -> Option<Answer> {
        self.memory().answer.take()
    }

    /// Whether the flow should resume again and look at other items.
    ///
    /// In a collection without an order, the item may have another index than with the caller, and
    /// another one each time. A batch in sequence only looks at one item each time.
    pub(crate) fn looks_further(&self) -> bool {
        let mut memory = self.memory();
        let all = !memory.alone && memory.seen >= memory.items;
        if memory.seen == 0 || all || memory.looks > 64 * memory.items {
            return false;
        }
        memory.alone = false;
        memory.from = memory.looks % memory.items.max(1);
        memory.looks += 1;
        memory.seen = 0;
        true
    }

    /// Whether the flow is on the way to the piece of work: this run is the one that it is in, or one
    /// around it.
    pub(super) fn is_in(&self, run: &str) -> bool {
        let rest = self.key.run.strip_prefix(run);
        rest.is_some_and(|rest| run.is_empty() || rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether it is the exec of this step.
    pub(super) fn is_at(&self, run: &str, step: u64) -> bool {
        self.key.run == run && self.key.step == step
    }

    /// The exec has ended with an error.
    fn failed(&self, error: &Error) -> Answer {
        match self.memory().waits.take() {
            Some((number, attempt)) => Answer::Waits(number, attempt),
            None => Answer::Failed(error.into()),
        }
    }

    /// The exec waits for an attempt.
    pub(super) fn waits(&self, number: u32, attempt: Attempt) {
        self.memory().waits = Some((number, attempt));
    }
}

impl Burst {
    /// Whether an item or a branch may be the piece of work.
    pub(super) fn wants(&self, info: &StepInfo<'_>, item: Option<usize>) -> bool {
        let Some(portion) = &self.portion else {
            return true;
        };
        let Part::Item(piece) = portion.key.part else {
            return false;
        };
        if !portion.is_at(self.inner_id(info), info.step()) || branch(info) != piece.branch {
            return false;
        }
        let memory = portion.memory();
        match item {
            None => true,
            Some(index) if memory.alone => index == memory.from,
            Some(index) => index >= memory.from,
        }
    }

    /// Takes a step of an inner run, if it is the piece of work, and goes into it, if the piece of work
    /// may be in it. The run ends after that in any case.
    pub(super) async fn compute_step<S: Durable, R: Run<S>>(
        &self,
        portion: &Portion,
        (info, local): (&StepInfo<'_>, &Local),
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let is_it = portion.key.part == Part::Step && portion.is_at(&local.id, info.step());
        if !is_it {
            return run.run(shared).await;
        }
        let taken = caught(run.run(&mut *shared)).await;
        let answer = match taken {
            Err(panic) => Answer::Panicked(panic.message),
            Ok(Ok(taken)) => match self.finished(info, local, taken.action(), shared) {
                Ok(Record {
                    outcome: Outcome::Step(step),
                    ..
                }) => Answer::Step(step),
                Ok(_) => unreachable!("a step is recorded as a step"),
                Err(error) => Answer::Failed((&error).into()),
            },
            Ok(Err(error)) => portion.failed(&error),
        };
        portion.memory().answer = Some(answer);
        // Nothing else is to be done.
        Err(info.error(Pause))
    }

    /// Computes an item, if it is the piece of work. The run ends after that in any case.
    pub(super) async fn compute<S, Marker, N, C>(
        &self,
        portion: &Portion,
        (info, local): (&StepInfo<'_>, &Local),
        hash: Option<u64>,
        mut call: C,
    ) -> Error
    where
        S: Durable,
        N: Node<S, Marker>,
        N::Exec: Kept,
        C: ItemCall<S, Marker, N>,
    {
        let Part::Item(piece) = portion.key.part else {
            return info.suspend(Pause);
        };
        let items = info.items().unwrap_or(1) as u64;
        let is_it = match (hash, piece.item) {
            (None, None) => true,
            (Some(hash), Some(identity)) => Local::may_be(hash, identity, items),
            _ => false,
        };
        if !is_it || !portion.is_at(&local.id, info.step()) {
            let mut memory = portion.memory();
            memory.seen += 1;
            memory.items = info.items().unwrap_or(1);
            return info.suspend(Pause);
        }
        if let Some(identity) = piece.item {
            call.identify(identity);
        }
        let computed = caught(call.call()).await;
        let answer = match computed {
            Err(panic) => Answer::Panicked(panic.message),
            Ok(Ok(exec)) => match write_value(&exec).and_then(Json::new) {
                Ok(json) => Answer::Done(json),
                Err(error) => {
                    let what = format!("what `{info}` returned");
                    Answer::Failed((&info.error(self.bad("store", &what, error))).into())
                }
            },
            Ok(Err(error)) => portion.failed(&error),
        };
        portion.memory().answer = Some(answer);
        // Nothing else is to be done.
        info.error(Pause)
    }
}
