//! `await(field)`: a step that waits until somebody fills a late field from outside.

use std::fmt;
use std::future::Future;

use super::mode::{Act, Here, Mode, StepMode};
use crate::driver::Spot;
use crate::error::{Error, Stage};

/// Runs an `await(field)`, as one step. How to wait is for a driver to say.
#[doc(hidden)]
pub fn await_step<'a, S, M>(
    spot: &'static Spot,
    here: &'a Here<'a, M>,
    shared: &'a mut S,
    field: &'static str,
) -> impl Future<Output = Result<usize, Error>> + Send + use<'a, S, M>
where
    S: Send + Sync + 'static,
    M: StepMode<S>,
{
    M::step(here, spot, shared, Waiting { here, spot, field })
}

struct Waiting<'a, M> {
    here: &'a Here<'a, M>,
    spot: &'static Spot,
    field: &'static str,
}

impl<S: Send, M: Mode> Act<S, M> for Waiting<'_, M> {
    async fn act(self, _: M::At<'_>, _: &mut S) -> Result<usize, Error> {
        Err(self.here.failed(self.spot, Stage::Driver, Waits { field: self.field }))
    }
}

/// The cause of an [`Error`](crate::Error) at an `await(field)` that no driver of the run knows how to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waits {
    /// The late field.
    pub field: &'static str,
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it waits for `{}`, and this run has no driver that can wait for a field to be filled",
            self.field
        )
    }
}

impl std::error::Error for Waits {}
