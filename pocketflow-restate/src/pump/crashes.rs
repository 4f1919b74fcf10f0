//! Bursts whose workers die again and again.

use std::collections::BTreeSet;

use super::record::{Entry, Why};
use crate::wire::RunError;

/// Counts the processes that have died in a burst one after another, with nothing recorded in between.
///
/// Each attempt at a burst but the first one is recorded before its work begins, with its process. A process that has lost its
/// connection, and is there still, has not died.
pub(crate) struct Crashes {
    process: String,
    max: u32,
    /// The processes of the attempts since the last progress.
    attempts: BTreeSet<String>,
    /// Whether the end of the journal has been reached.
    pub(super) asked: bool,
}

impl Crashes {
    /// For an attempt of this process at a burst that another attempt has begun.
    pub(crate) fn new(process: String, max: u32) -> Self {
        Self {
            process,
            max,
            attempts: BTreeSet::new(),
            asked: false,
        }
    }

    pub(super) fn acknowledged(&mut self, entry: &Entry) {
        match &entry.attempt {
            Some(process) => drop(self.attempts.insert(process.clone())),
            None => self.attempts.clear(),
        }
    }

    /// This process, if its attempt has to be recorded.
    pub(super) fn unrecorded(&self) -> Option<String> {
        let is_known = self.attempts.contains(&self.process);
        (!is_known).then(|| self.process.clone())
    }

    /// Why the run must not go on at the step with this path, if too many processes have died.
    pub(super) fn stuck(&self, at: Option<&str>) -> Option<Why> {
        // The first one is not recorded.
        let died = self.attempts.iter().filter(|other| **other != self.process);
        let died = u32::try_from(died.count())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        if died < self.max {
            return None;
        }
        let cause = format!(
            "{died} processes in a row have died here, and nothing was recorded in between"
        );
        let at = at.unwrap_or_default();
        let help = "find out from the logs of the workers what kills them, and let the run go on with `retry`";
        Some(Why::Failed(RunError {
            message: format!("{at}: stopped: {cause}\nhelp: {help}"),
            path: at.split(" > ").map(str::to_owned).collect(),
            item: None,
            stage: "stopped".into(),
            attempts: 0,
            causes: vec![cause],
        }))
    }
}
