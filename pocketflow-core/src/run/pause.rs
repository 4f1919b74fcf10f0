//! The wait between two attempts.

use std::time::Duration;

use super::context::FlowContext;
use super::mode::Mode;
use super::step_future::StepFuture;
use super::timeout::timer;
use crate::driver::Site;
use crate::node::Failure;
use crate::run_error::Stage;

/// The wait after a failed attempt, before the next one.
#[doc(hidden)]
pub struct AttemptPause<'a, M: Mode> {
    pub(super) context: &'a FlowContext<'a, M>,
    pub(super) site: &'static Site,
    pub(super) item: Option<usize>,
    /// The attempt that failed.
    pub(super) failed: Stage,
    pub(super) time: Duration,
}

impl<'a, M: Mode> AttemptPause<'a, M> {
    /// Waits in memory.
    pub(super) fn in_memory(self) -> impl StepFuture<()> + use<'a, M> {
        async move {
            if self.time.is_zero() {
                return Ok(());
            }
            match timer(self.time, "wait") {
                Ok(timer) => {
                    timer.await;
                    Ok(())
                }
                Err(none) => {
                    let failure = Failure::last(none);
                    let Self {
                        context,
                        site,
                        item,
                        failed,
                        ..
                    } = self;
                    Err(context.attempt_error(site, item, failed, failure))
                }
            }
        }
    }
}
