//! Pieces of work that other workers do.

use std::time::Duration;

use pocketflow::{Error, StepInfo};
use pocketflow_durable::{Panicked, STORED_FROM};

use super::local::Local;
use super::{Burst, Parked, Part, Pause};
use crate::items::{Answer, Elsewhere, Request, Snapshot, State, attempts};
use crate::pump::{Json, Key, Outcome};

/// A store of as many bytes travels in the request. A larger one is stored, and read from there.
const SMALL: usize = 64 << 10;

impl Burst {
    /// Lets another worker compute an item or a branch. Returns `None` if this one is to do it.
    pub(super) async fn far(
        &self,
        elsewhere: &dyn Elsewhere,
        (info, local): (&StepInfo<'_>, &Local),
        key: &Key,
        index: Option<usize>,
    ) -> Result<Option<Json>, Error> {
        loop {
            let Some((request, id)) = self.request(key, index) else {
                // The store is large. The next burst begins with this step, so that it is stored.
                return Err(info.suspend(Pause));
            };
            let answer = elsewhere.ask(request, id).await;
            match answer.map_err(|why| info.error(why))? {
                Answer::Done(json) => return Ok(Some(json)),
                Answer::OtherProgram => return Ok(None),
                Answer::Lost(why) => return Err(info.error(why)),
                Answer::Panicked(message) => return Err(info.error(Panicked { message })),
                Answer::Failed(failed) => {
                    let cause = failed.cause();
                    return Err(match failed.stage() {
                        Some(stage) => info.failure(index, stage, cause),
                        None => info.error(cause),
                    });
                }
                Answer::Waits(number, attempt) => {
                    let Part::Item(piece) = key.part else {
                        return Ok(None);
                    };
                    let left = attempt.due.saturating_sub(self.clock.now());
                    let left = Duration::from_millis(left);
                    let parked = Parked(format!("attempt {number} of {} of {info}", attempt.of));
                    let key = local.key(info.step(), Part::Attempt(piece, number));
                    let record = local.record(key, Outcome::Attempt(attempt));
                    self.desk.record(record).await;
                    if left >= STORED_FROM / 5 {
                        return Err(info.suspend(parked));
                    }
                    tokio::time::sleep(left).await;
                }
            }
        }
    }

    /// The request for a piece of work, and its idempotency key.
    fn request(&self, key: &Key, index: Option<usize>) -> Option<(Request, String)> {
        let now = self.now();
        let parts = attempts(&now, key);
        let burst = now.meta.burst;
        let large = now
            .store
            .values()
            .map(|json| json.text().len())
            .sum::<usize>()
            > SMALL;
        let state = if large {
            // The inner runs around it must be stored as they are, too.
            let is_stored = now.meta.status.step == self.base.meta.status.step
                && Snapshot::of(&now, key).log.inner == Snapshot::of(&self.base, key).log.inner;
            if !is_stored {
                return None;
            }
            State::Stored {
                run: self.run.clone(),
                burst,
                parts: parts.clone(),
            }
        } else {
            State::Here(Box::new(Snapshot::of(&now, key)))
        };
        let attempt = parts.last().map_or(0, |(key, _)| match key.part {
            Part::Attempt(_, number) => number,
            _ => 0,
        });
        let Part::Item(piece) = key.part else {
            return None;
        };
        let branch = piece
            .branch
            .map_or_else(String::new, |branch| format!("/branch-{branch}"));
        let item = piece
            .item
            .map_or_else(String::new, |item| format!("/item-{item:016x}"));
        let inner = match &*key.run {
            "" => String::new(),
            inner => format!("/{inner}"),
        };
        let id = format!(
            "{}{inner}/{}{branch}{item}/{burst}/{attempt}",
            self.run, key.step
        );
        let request = Request {
            program: self.program.clone(),
            key: key.clone(),
            index,
            now: self.clock.now(),
            state,
        };
        Some((request, id))
    }
}
