//! Pieces of work that other workers do.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use pocketflow::{Error, StepInfo};
use pocketflow_durable::{Panicked, STORED_FROM};

use super::local::Local;
use super::{Burst, Parked, Part, Pause};
use crate::client::segment;
use crate::items::{Answer, Elsewhere, NotAsked, Request, Snapshot, State, around};
use crate::pump::{Key, Outcome, Piece};

/// A store of as many bytes travels in the request. A larger one is stored, and read from there.
const SMALL: usize = 64 << 10;

impl Burst {
    /// Where pieces of work are sent to, if not all is done here.
    pub(super) fn elsewhere(&self) -> Option<&Arc<dyn Elsewhere>> {
        self.elsewhere.as_ref().filter(|_| !self.only_looks())
    }

    /// Lets another worker compute an item, a branch, or a step of an inner run. Returns `None` if this
    /// one is to do it, and otherwise [`Answer::Done`] or [`Answer::Step`].
    pub(super) async fn far(
        &self,
        elsewhere: &dyn Elsewhere,
        (info, local): (&StepInfo<'_>, &Local),
        key: &Key,
        index: Option<usize>,
    ) -> Result<Option<Answer>, Error> {
        let piece = match key.part {
            Part::Item(piece) => piece,
            _ => Piece::default(),
        };
        // How often the piece of work has come to nothing in earlier bursts.
        let mut before = 0;
        loop {
            let Some((request, id)) = self.request(key, piece, index, before) else {
                // The store is large. The next burst begins with this step, so that it is stored.
                return Err(self.goes_on(info));
            };
            let burst = request.state.burst();
            let reply = match elsewhere.ask(request, id).await {
                Ok(reply) => reply,
                Err(NotAsked::Refused(why)) => return Err(info.error(why)),
                Err(NotAsked::Unreachable(why)) => {
                    // A run can be cancelled between two bursts.
                    self.desk.problem(why);
                    return Err(self.goes_on(info));
                }
            };
            let is_done = matches!(reply.answer, Answer::Done(_) | Answer::Step(_));
            if reply.burst != burst && !is_done {
                // An earlier burst asked. What is done stays, and what has failed starts over.
                before += 1;
                continue;
            }
            match reply.answer {
                answer @ (Answer::Done(_) | Answer::Step(_)) => return Ok(Some(answer)),
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

    /// The error with which the run goes on here with the next burst, when what runs at the same time
    /// has ended.
    pub(super) fn goes_on(&self, info: &StepInfo<'_>) -> Error {
        self.goes_on.store(true, Relaxed);
        info.suspend(Pause)
    }

    /// The request for a piece of work, and its idempotency key.
    ///
    /// The key is the same in all bursts, so that a run that was cancelled finds the work that is still in progress.
    fn request(
        &self,
        key: &Key,
        piece: Piece,
        index: Option<usize>,
        before: u32,
    ) -> Option<(Request, String)> {
        let now = self.now();
        let (burst, created) = (now.meta.burst, now.meta.status.created);
        let log = around(&now, key);
        let attempt = log
            .parts
            .keys()
            .next_back()
            .map_or(0, |key| match key.part {
                Part::Attempt(_, number) => number,
                _ => 0,
            });
        let large = now.size() > SMALL;
        let state = match large {
            false => State::Here(Box::new(Snapshot::of(&now, key))),
            // What is stored must be the store before this step.
            true if now.meta.status.step == self.base.meta.status.step && !now.store_changed => {
                let run = self.run.clone();
                State::Stored {
                    run,
                    created,
                    burst,
                    log,
                }
            }
            true => return None,
        };
        let inner = match &*key.run {
            "" => String::new(),
            inner => format!("/{inner}"),
        };
        let branch = piece
            .branch
            .map_or_else(String::new, |branch| format!("/branch-{branch}"));
        let item = piece
            .item
            .map_or_else(String::new, |item| format!("/item-{item:016x}"));
        // The server keeps an answer for longer than a run that is removed.
        let id = format!(
            "{}{inner}/{}{branch}{item}/{before}/{attempt}",
            self.name, key.step
        );
        let request = Request {
            program: self.program.clone(),
            key: key.clone(),
            index,
            now: self.clock.now(),
            state,
        };
        // It travels in a header.
        Some((request, segment(&id)))
    }
}
