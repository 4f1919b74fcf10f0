//! A run as a driver has stored it.

use pocketflow::{Position, Start};

/// What decides whether a stored run can go on, and where: see [`resumes`](crate::resumes).
#[derive(Debug, Clone, Copy)]
pub struct StoredRun<'a> {
    /// The run's id.
    pub run: &'a str,
    /// The [definition](crate::Definition) of the flow and its store, as JSON.
    pub definition: &'a str,
    /// The store, as JSON.
    pub state: &'a str,
    /// The [position](crate::position) at which the run continues, as JSON, or `null` if it has not
    /// taken a step.
    pub position: &'a str,
    /// The number of the last finished step; 0 if there is none.
    pub step: u64,
    /// The action that the last finished step returned.
    pub action: Option<&'a str>,
    /// The exit at which the run ended, if it has finished.
    pub exit: Option<&'a str>,
    /// The run around it, if it is an inner run.
    pub outer: Option<&'a str>,
}

impl StoredRun<'_> {
    /// The action of the step at the position, which has finished, or `None` if it has not: at an `await`
    /// or a `sleep`, the position is before the next step, and not at the last one.
    pub(crate) fn taken(&self, position: &Position) -> Option<&str> {
        self.action.filter(|_| position.steps < self.step)
    }

    /// Where the run begins, of what [`resumes`](crate::resumes) says: after the step at the position, if
    /// that has finished.
    pub fn start(&self, start: Start) -> Start {
        match start {
            Start::At(position) if self.action.is_some() && position.steps + 1 == self.step => {
                Start::After(position)
            }
            start => start,
        }
    }
}

/// What a driver offers to people whose run does not fit the program any more, for messages.
#[derive(Debug, Clone, Copy)]
pub struct Hints {
    /// What to do about a run that was started with another version of the flow, without a full stop.
    pub changed: &'static str,
    /// Why nothing brings the stored parts of a step up to date, as a part of a sentence.
    pub part: &'static str,
    /// How to let the stored parts of a step run again, as a part of a sentence without a full stop. It gets what
    /// they are, `items` or `inner runs of that step`, and the id of the run that has them.
    pub run_again: fn(what: &str, run: &str) -> String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_begins_after_a_finished_step_and_at_a_wait() {
        let at = |steps| Position {
            steps,
            inner_steps: 0,
            flows: Vec::new(),
        };
        let mut run = StoredRun {
            run: "order-17",
            definition: "{}",
            state: "{}",
            position: "null",
            step: 3,
            action: Some("default"),
            exit: None,
            outer: None,
        };
        assert_eq!(run.start(Start::At(at(2))), Start::After(at(2)));
        assert_eq!(run.taken(&at(2)), Some("default"));
        assert_eq!(run.start(Start::At(at(3))), Start::At(at(3)), "an `await`");
        assert_eq!(run.taken(&at(3)), None);
        assert_eq!(run.start(Start::Fresh), Start::Fresh);
        assert_eq!(run.start(Start::Over(0)), Start::Over(0));
        run.action = None;
        assert_eq!(run.start(Start::At(at(2))), Start::At(at(2)));
    }
}
