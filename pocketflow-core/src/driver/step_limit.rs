use std::fmt;
use std::future::Future;

use super::{Driver, Run, StepInfo, Taken};
use crate::run_error::Error;
use crate::store::Shared;

/// Stops a run that takes more than a given number of steps, including those in nested flows and in
/// the flows on inner stores.
///
/// The store is then as the last allowed step left it, and the [cause](Error::cause) of the error
/// is [`StepsExceeded`].
///
/// ```
/// # use pocketflow::{Action, Shared, StepLimit, StepsExceeded, flow, node};
/// # #[derive(Shared, Default)] struct Game { rounds: u32 }
/// #[derive(Action)]
/// enum Round { Again, Over }
///
/// #[node(Game, writes(rounds))]
/// impl Play {
/// #   fn prep(&self) {} fn exec(&self) {}
///     // …
///     fn post(&self, rounds: &mut u32) -> Round { *rounds += 1; Round::Again }
/// }
/// # struct Play;
///
/// flow! {
///     Rounds {
///         play: Play;
///         play - "again" >> play;
///         play - "over" >> end;
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut game = Game::default();
/// let error = Rounds { play: Play }.with(StepLimit::new(50)).run(&mut game).await.err().unwrap();
/// assert!(error.cause().is::<StepsExceeded>());
/// assert_eq!(game.rounds, 50);
/// # let _ = Round::Over;
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct StepLimit {
    max: u64,
}

impl StepLimit {
    /// Allows `max` steps in a run.
    pub const fn new(max: u64) -> Self {
        Self { max }
    }
}

impl<S: Shared> Driver<S> for StepLimit {
    fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        async move {
            if info.total_steps() > self.max {
                return Err(info.error(StepsExceeded { max: self.max }));
            }
            run.run(shared).await
        }
    }
}

/// The cause of an [`Error`] when a [`StepLimit`] stops the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepsExceeded {
    /// The limit.
    pub max: u64,
}

impl fmt::Display for StepsExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the run has taken its {} steps and not reached an exit",
            self.max
        )
    }
}

impl std::error::Error for StepsExceeded {}
