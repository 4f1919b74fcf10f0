//! The shared code of the behaviour tests, which are in `tests/`.
//!
//! The tests also run on the oldest supported compiler, so this package has no dependency that
//! needs a newer one. The compile errors and the benchmarks are in `pocketflow-tests`.

pub mod lint;

use std::sync::Mutex;

use pocketflow::{Driver, Error, Run, Shared, StepInfo, Taken};

/// Records every step: its number and its path.
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
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        self.0.lock().unwrap().push((info.step(), info.to_string()));
        run.run(shared).await
    }
}
