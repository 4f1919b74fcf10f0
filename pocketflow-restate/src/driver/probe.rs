//! Whether a value fits the field where a run waits.

use std::sync::{Mutex, PoisonError};

use pocketflow::StepInfo;
use pocketflow_durable::{Durable, Keeper, without_place};

use super::Part;
use super::local::Local;
use crate::pump::Key;

/// A value for a wait. The type of the field is only known where the run waits, which may be in an
/// inner run. So the flow resumes without doing any work, and looks at the value there.
pub(crate) struct Probe {
    wait: Key,
    value: String,
    verdict: Mutex<Option<Result<(), String>>>,
}

impl Probe {
    pub(crate) fn new(wait: Key, value: String) -> Self {
        Self {
            wait,
            value,
            verdict: Mutex::new(None),
        }
    }

    /// Whether the value fits, or why it does not. `None` if the run does not reach the wait.
    pub(crate) fn verdict(&self) -> Option<Result<(), String>> {
        let mut verdict = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        verdict.take()
    }

    /// Looks at a step.
    pub(super) fn look<S: Durable>(&self, info: &StepInfo<'_>, local: &Local, shared: &mut S) {
        if local.key(info.step(), Part::Wait) != self.wait {
            return;
        }
        let index = info.waits_for().and_then(|field| S::STORE.field(field));
        let fits = index.and_then(|index| Keeper::fits(index, shared));
        let fits = fits.map(|fits| fits(&self.value).map_err(|error| without_place(&error)));
        let mut verdict = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        *verdict = fits;
    }
}
