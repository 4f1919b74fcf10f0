//! What the tests share. The tests themselves are in `tests/`, the compile errors in `ui/`.

pub mod lint;

use std::sync::Mutex;

use pocketflow::{At, Driver, Error, Run, Shared, Taken};

/// Writes down every step: its number, and its path.
#[derive(Debug, Default)]
pub struct Steps(pub Mutex<Vec<(u64, String)>>);

impl Steps {
    /// The number of the last step.
    pub fn count(&self) -> u64 {
        self.0
            .lock()
            .unwrap()
            .last()
            .map_or(0, |(number, _)| *number)
    }

    /// The paths of the steps.
    pub fn paths(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap()
            .iter()
            .map(|(_, path)| path.clone())
            .collect()
    }
}

impl<S: Shared> Driver<S> for Steps {
    async fn step<R: Run<S>>(&self, at: &At<'_>, shared: &mut S, run: R) -> Result<Taken, Error> {
        self.0.lock().unwrap().push((at.step(), at.to_string()));
        run.run(shared).await
    }
}

/// The programs in the README, so that they are tested.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The program on the page for users of Python.
#[cfg(doctest)]
#[doc = include_str!("../../docs/from-python.md")]
struct FromPython;
