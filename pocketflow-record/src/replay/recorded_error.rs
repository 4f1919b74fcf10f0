//! The errors of a record, given back.

use pocketflow::{Error, Stage, StepInfo, StoredError};

use crate::event::Exec;

/// The error with these texts. A record that was changed may have none.
fn recorded(texts: &[String]) -> StoredError {
    let error = StoredError::of(texts.get(1..).unwrap_or_default());
    error.or_else(|| StoredError::of(&[""])).expect("one text")
}

/// The error with which an exec ended. It is a failure of the node if it was one, so that an error edge
/// and a `failures` field take it.
pub(super) fn exec_error(info: &StepInfo<'_>, exec: &Exec) -> Error {
    let cause = recorded(&exec.error);
    let stage = exec.stage.as_deref().and_then(stage_of);
    match stage.filter(|_| exec.failure) {
        Some(stage) => info.failure(exec.item, stage, cause),
        None => info.error(cause),
    }
}

/// The error with which a driver has ended a step.
pub(super) fn step_error(info: &StepInfo<'_>, texts: &[String]) -> Error {
    info.error(recorded(texts))
}

/// The error with which a driver has suspended a step.
pub(super) fn suspension(info: &StepInfo<'_>, texts: &[String]) -> Error {
    info.suspend(recorded(texts))
}

/// The stage of a failed exec, from its text.
fn stage_of(text: &str) -> Option<Stage> {
    if text == Stage::Fallback.to_string() {
        return Some(Stage::Fallback);
    }
    let once = Stage::Exec {
        attempt: 1,
        attempts: 1,
    };
    if text == once.to_string() {
        return Some(once);
    }
    let numbers = text.strip_prefix("exec failed at attempt ")?;
    let numbers = numbers.strip_suffix(", not retried").unwrap_or(numbers);
    let (attempt, attempts) = numbers.split_once(" of ")?;
    Some(Stage::Exec {
        attempt: attempt.parse().ok()?,
        attempts: attempts.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_found_in_its_text() {
        let exec = |attempt, attempts| Stage::Exec { attempt, attempts };
        for stage in [exec(1, 1), exec(1, 3), exec(3, 3), Stage::Fallback] {
            assert_eq!(stage_of(&stage.to_string()), Some(stage));
        }
        for stage in [Stage::Driver, Stage::Prep, Stage::Post] {
            assert_eq!(stage_of(&stage.to_string()), None);
        }
    }
}
