//! `await(field)`: a step that waits until somebody fills a late field from outside.

use std::fmt;
use std::future::Future;

use super::Cx;
use crate::driver::{At, Driver, Run};
use crate::error::{Error, Stage};

/// Runs an `await(field)`, as one step. How to wait is for a driver to say.
#[doc(hidden)]
pub fn await_step<'a, S, D>(
    cx: Cx<'a, D>,
    shared: &'a mut S,
    field: &'static str,
) -> impl Future<Output = Result<usize, Error>> + Send + use<'a, S, D>
where
    S: Send + Sync + 'static,
    D: Driver<S>,
{
    cx.driver.step(cx.at, shared, Waiting { at: cx.at, field })
}

struct Waiting<'a> {
    at: &'a At<'a>,
    field: &'static str,
}

impl<S: Send> Run<S> for Waiting<'_> {
    const ACTIONS: &'static [&'static str] = &["default"];

    async fn run(self, _: &mut S) -> Result<usize, Error> {
        Err(self.at.failed(Stage::Driver, Waits { field: self.field }))
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
