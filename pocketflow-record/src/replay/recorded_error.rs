//! The errors of a record, given back.

use std::error::Error as StdError;
use std::fmt;

use pocketflow::{Error, Stage, StepInfo};

use crate::event::Exec;

/// An error of the record. It has the text of the recorded error and those of its causes, and not
/// their types.
#[derive(Debug, Clone)]
struct Recorded {
    text: String,
    cause: Option<Box<Recorded>>,
}

impl Recorded {
    /// The chain of these texts.
    fn of(texts: &[String]) -> Self {
        let mut texts = texts.iter().rev();
        let last = texts.next().cloned().unwrap_or_default();
        let last = Self {
            text: last,
            cause: None,
        };
        texts.fold(last, |cause, text| Self {
            text: text.clone(),
            cause: Some(Box::new(cause)),
        })
    }
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Recorded {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// The error with which an exec ended. It is a failure of the node if it was one, so that an error edge
/// and a `failures` field take it.
pub(super) fn exec_error(info: &StepInfo<'_>, exec: &Exec) -> Error {
    let cause = Recorded::of(exec.error.get(1..).unwrap_or_default());
    let stage = exec.stage.as_deref().and_then(stage_of);
    match stage.filter(|_| exec.failure) {
        Some(stage) => info.failure(exec.item, stage, cause),
        None => info.error(cause),
    }
}

/// The error with which a driver has ended a step.
pub(super) fn step_error(info: &StepInfo<'_>, texts: &[String]) -> Error {
    info.error(Recorded::of(texts.get(1..).unwrap_or_default()))
}

/// The error with which a driver has suspended a step.
pub(super) fn suspension(info: &StepInfo<'_>, texts: &[String]) -> Error {
    info.suspend(Recorded::of(texts.get(1..).unwrap_or_default()))
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

/// The text of an error, then that of its cause, and so on: as a record has it.
pub(super) fn texts(error: &Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        texts.push(cause.to_string());
        next = cause.source();
    }
    texts
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

    #[test]
    fn a_chain_keeps_its_texts() {
        let texts = ["a", "b", "c"].map(String::from);
        let recorded = Recorded::of(&texts);
        let cause = recorded.source().unwrap();
        assert_eq!(recorded.to_string(), "a");
        assert_eq!(cause.to_string(), "b");
        assert_eq!(cause.source().unwrap().to_string(), "c");
        assert!(cause.source().unwrap().source().is_none());
    }
}
