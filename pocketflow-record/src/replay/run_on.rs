//! Runs a flow with a replay as its only driver.

use std::sync::Arc;

use pocketflow::seam::{Execs, Through};
use pocketflow::{Drive, Error};

use super::error::{ReplayError, ReplayErrorKind};
use super::fields::Replayable;
use super::one_run::Replay;

/// A flow that can be replayed: what each `exec` of its nodes returns implements serde's `Deserialize`.
///
/// Use it as a bound in generic code. Every such flow implements it automatically, with a context as
/// well.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be replayed on the store `{S}`: what an `exec` of its nodes returns is not `Deserialize`",
    label = "a replay gives back what each `exec` has returned",
    note = "write `#[derive(Serialize, Deserialize)]` on the type of each value that an `exec` returns, such as the enum of an action",
    note = "`flow.with(&replay).run(&mut store)`, with a `replay: Replay`, names the type",
    note = "if the store has a context, give it to the flow: `.context(&context)`"
)]
pub trait ReplayFlow<S>: Drive<S, Arc<Replay>, Through<Execs>> {}

#[diagnostic::do_not_recommend]
impl<F, S> ReplayFlow<S> for F where F: Drive<S, Arc<Replay>, Through<Execs>> {}

/// A run that has been replayed, and went as it was recorded.
#[derive(Debug)]
#[non_exhaustive]
pub struct Replayed<S> {
    /// The store at the end of the run.
    pub store: S,
    ended: Result<&'static str, Error>,
}

impl<S> Replayed<S> {
    /// The exit that the flow has reached. `None` if the run failed, or if its record stops before its
    /// end.
    pub fn exit(&self) -> Option<&'static str> {
        self.ended.as_ref().ok().copied()
    }

    /// The error of a run that failed as it did in the record, or with which it stopped where its
    /// record stops.
    pub fn error(&self) -> Option<&Error> {
        self.ended.as_ref().err()
    }
}

impl Replay {
    /// Runs a flow on a store with this replay as its only driver.
    ///
    /// # Errors
    ///
    /// If the record is of another flow, if it cannot be replayed, or if the run differs from it. A run
    /// that fails as it failed in the record is not an error: see [`Replayed::error`].
    pub async fn run_on<F, S>(self, flow: &F, store: S) -> Result<Replayed<S>, ReplayError>
    where
        F: ReplayFlow<S>,
        S: Replayable,
    {
        let mut store = store;
        let replay = Arc::new(self);
        let ended = flow.drive(Arc::clone(&replay), &mut store).await;
        let ended = match ended {
            Ok(taken) => Ok(taken.action()),
            Err(error) => match error.find::<ReplayErrorKind>() {
                Some(kind) => {
                    let error = ReplayError::new(kind.clone()).in_run(replay.id());
                    return Err(error.in_file(replay.file.as_deref()));
                }
                None => Err(error),
            },
        };
        Ok(Replayed { store, ended })
    }
}
