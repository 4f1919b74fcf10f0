//! What a node's `retry_if` says about a failure that the node did not return.

use std::error::Error as StdError;
use std::marker::PhantomData;

use crate::node::Failure;

/// Asks the `retry_if` of a node about a failure that a driver has made. The function takes an error
/// of the type `E`, so it decides only about such an error. `__judge` tells reports, errors and other
/// values apart, as [`ReturnedError`](super::ReturnedError) does: it is an inherent method for a report, a method of [`JudgeError`]
/// for an error, and one of [`JudgePlain`] for anything else.
#[doc(hidden)]
pub struct Judge<E>(PhantomData<fn(E)>);

impl<E> Judge<E> {
    /// Asks about errors of this type.
    pub const OF: Self = Self(PhantomData);
}

impl<E: AsRef<dyn StdError + Send + Sync> + Send + Sync + 'static> Judge<E> {
    /// A report.
    pub fn __judge(self, failure: Failure, retry_if: impl FnOnce(&E) -> bool) -> Failure {
        let retry = failure.report().map(retry_if);
        failure.retried(retry)
    }
}

/// The case of [`Judge`] that is an error.
#[doc(hidden)]
pub trait JudgeError<E>: Sized {
    /// An error.
    fn __judge(self, failure: Failure, retry_if: impl FnOnce(&E) -> bool) -> Failure;
}

impl<E: StdError + 'static> JudgeError<E> for Judge<E> {
    fn __judge(self, failure: Failure, retry_if: impl FnOnce(&E) -> bool) -> Failure {
        let retry = failure.cause().downcast_ref().map(retry_if);
        failure.retried(retry)
    }
}

/// The case of [`Judge`] that is a value which converts into an error, such as a text. The value
/// itself is gone.
#[doc(hidden)]
pub trait JudgePlain<E>: Sized {
    /// A value.
    fn __judge(self, failure: Failure, _: impl FnOnce(&E) -> bool) -> Failure {
        failure
    }
}

impl<E> JudgePlain<E> for &Judge<E> {}
