//! Steps and flows in boxes, as drivers are given them.
//!
//! A driver's future holds that of what it drives. Without a box, each driver and each flow around
//! a step would add to the type of one future, which the compiler follows only so deep, and every
//! driver would be compiled anew for every node. So a run with drivers boxes once a step and once a
//! flow.

use std::future::Future;
use std::pin::Pin;

use crate::driver::{Run, Taken};
use crate::error::Error;

/// A future in its box.
pub(super) type BoxFuture<'r, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'r>>;

/// What runs once, in a box.
pub(super) trait RunOnce<S>: Send {
    /// Runs it.
    fn run<'r>(&'r mut self, shared: &'r mut S) -> BoxFuture<'r, Taken>;
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
        async move { self.0.run(shared).await }
    }
}
