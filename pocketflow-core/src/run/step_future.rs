//! The future of a part of a run.

use std::future::Future;

use crate::run_error::Error;

/// A future that can move between threads and that can fail. By default it is the future of a step,
/// which returns the index of an action.
#[doc(hidden)]
pub trait StepFuture<T = usize, E = Error>: Future<Output = Result<T, E>> + Send {}

impl<F, T, E> StepFuture<T, E> for F where F: Future<Output = Result<T, E>> + Send {}
