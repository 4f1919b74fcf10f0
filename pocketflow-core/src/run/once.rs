//! Steps and flows in boxes, as drivers receive them.
//!
//! A driver's future contains the future of what it drives. Without a box, each driver and each
//! flow around a step would make the type of one future deeper, up to the compiler's limit, and
//! every driver would be compiled for every node. So a run with drivers boxes once per step and
//! once per flow.

use std::future::Future;
use std::pin::Pin;

use crate::driver::{Run, Taken};
use crate::run_error::Error;

/// A future in a box.
pub(super) type BoxFuture<'r, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'r>>;

/// A step or a flow that runs once, in a box.
pub(super) trait RunOnce<S>: Send {
    /// Runs it.
    fn run<'r>(&'r mut self, shared: &'r mut S) -> BoxFuture<'r, Taken>;

    /// The id of the run, if a driver has one.
    fn run_id(&self) -> Option<&str>;

    /// Follows the error edge of the place, if it has one.
    fn follow_error(&mut self, error: Error, shared: &mut S) -> Result<Taken, Error>;
}

/// A step or a flow without its type.
pub(super) struct Erased<'e, S>(&'e mut (dyn RunOnce<S> + 'e));

impl<'e, S> Erased<'e, S> {
    pub(super) fn new(once: &'e mut (dyn RunOnce<S> + 'e)) -> Self {
        Self(once)
    }
}

impl<S: Send> Run<S> for Erased<'_, S> {
    fn run(self, shared: &mut S) -> impl Future<Output = Result<Taken, Error>> + Send {
        async move {
            match self.0.run(shared).await {
                Ok(taken) => Ok(taken),
                Err(error) => self.0.follow_error(error, shared),
            }
        }
    }

    fn run_id(&self) -> Option<&str> {
        self.0.run_id()
    }
}
