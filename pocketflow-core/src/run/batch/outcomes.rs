//! What a batch does with an item that fails.

use crate::run_error::{Error, Failed};

/// What a batch does with an item that fails, and what it leaves for `post`.
pub(super) trait Outcomes<T>: Default + Send {
    type Done;

    /// Takes the error of an item, or returns it, which ends the batch.
    fn failed(&mut self, error: Error) -> Result<(), Error>;

    /// The results, in the order of the items.
    fn done(self, values: Vec<T>) -> Self::Done;
}

/// The first error ends the batch.
#[derive(Default)]
pub(super) struct AllOrNone;

impl<T> Outcomes<T> for AllOrNone {
    type Done = Vec<T>;

    #[inline]
    fn failed(&mut self, error: Error) -> Result<(), Error> {
        Err(error)
    }

    #[inline]
    fn done(self, values: Vec<T>) -> Vec<T> {
        values
    }
}

/// The failures of items are kept, and the other items continue.
#[derive(Default)]
pub(super) struct Collected(Vec<Failed>);

impl<T> Outcomes<T> for Collected {
    type Done = Partial<T>;

    #[cold]
    fn failed(&mut self, error: Error) -> Result<(), Error> {
        if !error.is_failure() {
            return Err(error);
        }
        self.0.push(Failed::from(&error));
        Ok(())
    }

    fn done(self, values: Vec<T>) -> Partial<T> {
        let mut failures = self.0;
        // Items that run at the same time fail in any order.
        failures.sort_by_key(|failed| failed.item);
        Partial { values, failures }
    }
}

/// The results of a batch in which items may fail.
#[doc(hidden)]
#[derive(Debug)]
pub struct Partial<T> {
    /// The values of the items that succeeded, in the order of the items.
    pub values: Vec<T>,
    /// The failures of the others, in the order of the items.
    pub failures: Vec<Failed>,
}
