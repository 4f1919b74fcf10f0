//! Where a run waits: at an `await`, at a `sleep`, and between two attempts.

use std::time::Duration;

use pocketflow::{Attempt, Call, EarlierAttempts, Error, StepInfo, Taken};
use pocketflow_durable::{
    Durable, ExecKey, Keeper, STORED_FROM, WrongValue, causes, made_before, position, without_place,
};

use super::local::Local;
use super::{Burst, Parked, Part, Pause, Performed};
use crate::clock::millis;
use crate::pump::{self, Outcome, Piece, Wait};

impl Burst {
    /// Takes an `await` or a `sleep`. It ends the burst, unless it has been filled or its time is over.
    pub(super) async fn pause<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        local: &Local,
        shared: &mut S,
    ) -> Result<Taken, Error> {
        let key = local.key(info.step(), Part::Step);
        let performed = {
            let over = async {
                // Whether it is over is known when all that is recorded is known.
                self.desk.live().await;
                let action = self.over(info, local, &mut *shared).await?;
                let taken = info.taken(action).expect("an action of the step");
                let record = self.finished(info, local, action, shared)?;
                Ok((taken, record))
            };
            self.desk.perform(key, over).await?
        };
        match performed {
            Performed::Now(taken) => {
                local.memory().keeper.stored();
                Ok(taken)
            }
            Performed::Before(outcome) => self.replayed(info, local, outcome, shared),
        }
    }

    /// The action with which the pause is over.
    async fn over<S: Durable>(
        &self,
        info: &StepInfo<'_>,
        local: &Local,
        shared: &mut S,
    ) -> Result<&'static str, Error> {
        let field = info.waits_for();
        let index = field.and_then(|field| S::STORE.field(field));
        if let Some(index) = index {
            // An earlier value of the field is not an answer.
            shared.clear_field(index);
        }
        let within = info.expires_after().or(info.sleeps_for());
        let key = local.key(info.step(), Part::Wait);
        let Some(Outcome::Wait(wait)) = self.desk.wait(&key) else {
            let field = field.unwrap_or_default();
            let visits = local.memory().visits.get(field).copied();
            let wait = Wait {
                field: field.to_owned(),
                visit: visits.unwrap_or_default() + 1,
                position: self.json(info, "the position", position::encode(info.position()))?,
                until: within.map(|within| self.clock.now().saturating_add(millis(within))),
                value: None,
                refused: None,
            };
            let parked = parked(&wait);
            self.desk
                .record(local.record(key, Outcome::Wait(wait)))
                .await;
            return Err(info.suspend(parked));
        };
        if let (Some(value), Some(index), Some(field)) = (&wait.value, index, field) {
            let Err(source) = Keeper::fill(index, value.text(), shared) else {
                return Ok("default");
            };
            // The type of the field has changed since the answer came. It is removed, and the run waits.
            shared.clear_field(index);
            let (run, field) = (self.run.clone(), field.to_owned());
            let refused = Wait {
                value: None,
                refused: Some(without_place(&source)),
                ..wait
            };
            let record = local.record(key, Outcome::Wait(refused));
            self.desk.replace(record).await;
            return Err(info.suspend(WrongValue { run, field, source }));
        }
        // A flow that has no deadline any more does not know what to do after it.
        let until = wait.until.filter(|_| within.is_some());
        match until {
            Some(until) if until <= self.clock.now() => Ok(match field {
                Some(_) => "expired",
                None => "default",
            }),
            _ => Err(info.suspend(parked(&wait))),
        }
    }

    /// Waits for an attempt: in memory if that is short, and otherwise in a later burst.
    pub(super) async fn wait_to_retry<C>(
        &self,
        info: &StepInfo<'_>,
        next: Attempt<'_>,
        time: Duration,
        call: C,
    ) -> Result<(), Error>
    where
        C: Call<Output = Result<(), Error>>,
    {
        let local = self.local(info);
        let piece = attempted(next);
        let stored = self.desk.attempt(&local.id, info.step(), piece);
        let stored = stored.filter(|(number, _)| *number >= next.number());
        let due = match (stored, &self.portion) {
            (Some((_, Outcome::Attempt(attempt))), _) => attempt.due,
            _ if time < STORED_FROM => return call.call().await,
            (_, Some(portion)) => {
                // The worker of the run records it, and asks again then.
                portion.waits(next.number(), self.pending(info, next, time));
                return Err(info.suspend(Pause));
            }
            _ => self.record_attempt(info, &local, next, time).await,
        };
        let left = Duration::from_millis(due.saturating_sub(self.clock.now()));
        // What is left of a recorded wait, unless that is next to nothing.
        if left >= STORED_FROM / 5 {
            let (number, of) = (next.number(), next.of());
            return Err(info.suspend(Parked(format!("attempt {number} of {of} of {info}"))));
        }
        if !left.is_zero() {
            tokio::time::sleep(left).await;
        }
        Ok(())
    }

    /// Records when an attempt is due.
    async fn record_attempt(
        &self,
        info: &StepInfo<'_>,
        local: &Local,
        next: Attempt<'_>,
        time: Duration,
    ) -> u64 {
        let attempt = self.pending(info, next, time);
        let due = attempt.due;
        let key = local.key(info.step(), Part::Attempt(attempted(next), next.number()));
        let record = local.record(key, Outcome::Attempt(attempt));
        self.desk.record(record).await;
        due
    }

    /// An attempt for which the run waits.
    fn pending(&self, info: &StepInfo<'_>, next: Attempt<'_>, time: Duration) -> pump::Attempt {
        let item = next.item().map(|item| format!("[{item}]"));
        let causes = next.last_error().map(|error| causes(&*error));
        pump::Attempt {
            path: format!("{info}{}", item.unwrap_or_default()),
            of: next.of(),
            due: self.clock.now().saturating_add(millis(time)),
            causes: self.without_values(causes.unwrap_or_default()),
        }
    }

    /// The attempts that were made in an earlier burst.
    pub(super) fn earlier_attempts(
        &self,
        info: &StepInfo<'_>,
        first: Attempt<'_>,
    ) -> Option<EarlierAttempts> {
        let local = self.local(info);
        match self
            .desk
            .attempt(&local.id, info.step(), attempted(first))?
        {
            (number, Outcome::Attempt(attempt)) => Some(made_before(number, &attempt.causes)),
            _ => None,
        }
    }
}

/// Which exec of a step it is.
fn attempted(attempt: Attempt<'_>) -> Piece {
    let key = ExecKey::of(attempt);
    Piece {
        branch: key.and_then(|key| key.branch),
        item: key.and_then(|key| key.item),
    }
}

/// What a run waits for.
fn parked(wait: &Wait) -> Parked {
    Parked(match &*wait.field {
        "" => "the end of its sleep".to_owned(),
        _ => format!("`{}`", wait.name()),
    })
}
