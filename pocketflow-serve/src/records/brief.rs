//! What a list says about the runs of a record.

use std::borrow::Cow;
use std::collections::HashMap;

use pocketflow_record::event::VERSION;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The longest text of an error in a list.
const LONGEST: usize = 400;

/// The runs of a record, as far as it has been read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Brief {
    pub(crate) runs: Vec<BriefRun>,
    /// Why the file is not a record that this version can read.
    pub(crate) problem: Option<String>,
    /// The names of the fields that are confidential in some run.
    pub(crate) redacted: Vec<String>,
    has_header: bool,
    /// The names of the flows, by the numbers of their graphs.
    flows: HashMap<u64, String>,
    /// Where an outermost run is in `runs`, by its number.
    by_number: HashMap<u64, usize>,
}

/// An outermost run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BriefRun {
    pub(crate) number: u64,
    pub(crate) id: Option<String>,
    pub(crate) flow: String,
    /// In microseconds since the epoch.
    pub(crate) began: u64,
    pub(crate) last: u64,
    pub(crate) step: u64,
    pub(crate) path: String,
    pub(crate) state: State,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// The record has no end: the run is in progress, or its process has died.
    Unfinished,
    /// It was dropped before its end, at that time, and its process went on.
    Dropped {
        at: u64,
        panicked: bool,
    },
    /// It waits for a field since that time.
    Waiting {
        field: String,
        since: u64,
    },
    /// A driver has stopped it.
    Suspended {
        why: String,
    },
    Finished {
        exit: String,
    },
    Failed {
        why: String,
    },
}

/// The members of an event that a list needs. The others are skipped without being read.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(default)]
    pocketflow_record: Option<u64>,
    #[serde(borrow, default)]
    event: Cow<'a, str>,
    #[serde(default)]
    at: u64,
    #[serde(default)]
    run: Option<u64>,
    #[serde(default)]
    graph: Option<u64>,
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(default)]
    parent: Option<IgnoredAny>,
    #[serde(default)]
    step: Option<u64>,
    #[serde(borrow, default)]
    path: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow, default)]
    waits: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    exit: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    error: Option<Vec<Cow<'a, str>>>,
    #[serde(default)]
    suspended: bool,
    #[serde(default)]
    panicked: bool,
    #[serde(borrow, default)]
    redacted: Option<Redacted<'a>>,
}

/// In a run the names of fields, and in an exec a mark.
#[derive(Deserialize)]
#[serde(untagged)]
enum Redacted<'a> {
    Names(#[serde(borrow)] Vec<Cow<'a, str>>),
    Other(IgnoredAny),
}

impl Brief {
    /// Takes whole lines.
    pub(crate) fn take(&mut self, lines: &[u8]) {
        for line in lines.split(|byte| *byte == b'\n') {
            if !line.trim_ascii().is_empty() && self.problem.is_none() {
                self.line(line);
            }
        }
    }

    fn line(&mut self, line: &[u8]) {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let Ok(line) = serde_json::from_slice::<Line<'_>>(line) else {
            if !self.has_header {
                self.problem = Some("it is not a record of runs".to_owned());
            }
            return;
        };
        if let Some(version) = line.pocketflow_record {
            self.has_header = true;
            if version > u64::from(VERSION) {
                self.problem = Some(format!(
                    "it was written by a newer version: its format is {version}, and this program reads up to {VERSION}"
                ));
            }
            return;
        }
        if !self.has_header {
            self.problem = Some("it is not a record of runs".to_owned());
            return;
        }
        self.event(line);
    }

    fn event(&mut self, line: Line<'_>) {
        let Line { event, at, .. } = &line;
        let at = *at;
        match &**event {
            "graph" => {
                let name = line.name.as_deref().filter(|name| !name.is_empty());
                let name = name.unwrap_or("flow").to_owned();
                self.flows.extend(line.graph.map(|number| (number, name)));
                return;
            }
            "run" => return self.begin(line),
            _ => {}
        }
        let index = line.run.and_then(|number| self.by_number.get(&number));
        let Some(run) = index.and_then(|index| self.runs.get_mut(*index)) else {
            return;
        };
        run.last = run.last.max(at);
        match &**event {
            "step" => {
                run.step = line.step.unwrap_or(run.step);
                run.path = line.path.unwrap_or_default().join(" > ");
                run.state = match line.waits {
                    Some(field) => State::Waiting {
                        field: field.into_owned(),
                        since: at,
                    },
                    None => State::Unfinished,
                };
            }
            "taken" | "leave" => run.state = State::Unfinished,
            "dropped" => {
                let panicked = line.panicked;
                run.state = State::Dropped { at, panicked };
            }
            "end" if line.suspended && matches!(run.state, State::Waiting { .. }) => {}
            "end" if line.suspended => {
                let why = chain(line.error);
                run.state = State::Suspended { why };
            }
            "end" => {
                run.state = match line.exit {
                    Some(exit) => State::Finished {
                        exit: exit.into_owned(),
                    },
                    None => State::Failed {
                        why: chain(line.error),
                    },
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, line: Line<'_>) {
        if let Some(Redacted::Names(names)) = &line.redacted {
            for name in names {
                if !self.redacted.iter().any(|known| known == name) {
                    self.redacted.push(name.clone().into_owned());
                }
            }
        }
        let Some(number) = line.run.filter(|_| line.parent.is_none()) else {
            return;
        };
        let id = line.id.map(Cow::into_owned);
        // A run that resumes has the id of an earlier one.
        let earlier = self
            .runs
            .iter()
            .position(|run| run.id.is_some() && run.id == id);
        let flow = line.graph.and_then(|graph| self.flows.get(&graph));
        let run = BriefRun {
            number,
            id,
            flow: flow.cloned().unwrap_or_else(|| "flow".to_owned()),
            began: earlier.map_or(line.at, |earlier| self.runs[earlier].began),
            last: line.at,
            step: earlier.map_or(0, |earlier| self.runs[earlier].step),
            path: String::new(),
            state: State::Unfinished,
        };
        let index = match earlier {
            Some(earlier) => {
                self.runs[earlier] = run;
                earlier
            }
            None => {
                self.runs.push(run);
                self.runs.len() - 1
            }
        };
        self.by_number.insert(number, index);
    }
}

fn chain(error: Option<Vec<Cow<'_, str>>>) -> String {
    shortened(&error.unwrap_or_default().join(": "))
}

/// A text that is not too long for a list.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(lines: &[&str]) -> Brief {
        let mut brief = Brief::default();
        brief.take(b"{\"pocketflow_record\":1}\n");
        brief.take(
            br#"{"event":"graph","at":1,"graph":0,"name":"Shop","places":[],"edges":[]}
{"event":"run","at":2,"run":0,"id":"a","graph":0,"shared":{"secret":{"$redacted":true}},"redacted":["secret"]}
"#,
        );
        for line in lines {
            brief.take(format!("{line}\n").as_bytes());
        }
        brief
    }

    const STEP: &str =
        r#"{"event":"step","at":3,"run":0,"step":1,"graph":0,"place":0,"path":["Pay","card"]}"#;

    #[test]
    fn a_run_is_followed_to_its_end() {
        let all = brief(&[STEP]);
        assert_eq!(all.redacted, ["secret"]);
        let run = &all.runs[0];
        assert_eq!(
            (&*run.flow, &*run.path, run.step),
            ("Shop", "Pay > card", 1)
        );
        assert_eq!(run.state, State::Unfinished);
        let end = brief(&[STEP, r#"{"event":"end","at":9,"run":0,"exit":"default"}"#]);
        assert_eq!(
            end.runs[0].state,
            State::Finished {
                exit: "default".into()
            }
        );
        assert_eq!((end.runs[0].began, end.runs[0].last), (2, 9));
        let end = brief(&[r#"{"event":"end","at":9,"run":0,"error":["A > b","because"]}"#]);
        let why = "A > b: because".to_owned();
        assert_eq!(end.runs[0].state, State::Failed { why });
    }

    #[test]
    fn a_wait_has_a_beginning_and_stays_when_the_run_is_suspended() {
        let wait = r#"{"event":"step","at":5,"run":0,"step":1,"graph":0,"place":0,"path":["await(ok)"],"waits":"ok"}"#;
        let waiting = State::Waiting {
            field: "ok".into(),
            since: 5,
        };
        assert_eq!(brief(&[wait]).runs[0].state, waiting);
        let parked = brief(&[
            wait,
            r#"{"event":"end","at":9,"run":0,"suspended":true,"error":["waits"]}"#,
        ]);
        assert_eq!(parked.runs[0].state, waiting);
        let resumed = brief(&[
            wait,
            r#"{"event":"end","at":9,"run":0,"suspended":true,"error":["waits"]}"#,
            r#"{"event":"run","at":20,"run":1,"id":"a","graph":0,"shared":{}}"#,
        ]);
        assert_eq!(resumed.runs.len(), 1);
        let run = &resumed.runs[0];
        assert_eq!(
            (run.number, run.began, &run.state),
            (1, 2, &State::Unfinished)
        );
    }

    #[test]
    fn a_run_that_was_dropped_is_not_in_progress() {
        let dropped = brief(&[STEP, r#"{"event":"dropped","at":7,"run":0}"#]);
        let state = State::Dropped {
            at: 7,
            panicked: false,
        };
        assert_eq!((&dropped.runs[0].state, dropped.runs[0].last), (&state, 7));
        let panicked = brief(&[
            STEP,
            r#"{"event":"dropped","at":7,"run":0,"panicked":true}"#,
        ]);
        let state = State::Dropped {
            at: 7,
            panicked: true,
        };
        assert_eq!(panicked.runs[0].state, state);
        // What waits for a value waits no more, until the run resumes.
        let wait = r#"{"event":"step","at":5,"run":0,"step":1,"graph":0,"place":0,"path":["await(ok)"],"waits":"ok"}"#;
        let lines = [
            wait,
            r#"{"event":"dropped","at":7,"run":0}"#,
            r#"{"event":"run","at":20,"run":1,"id":"a","graph":0,"shared":{}}"#,
        ];
        let state = State::Dropped {
            at: 7,
            panicked: false,
        };
        assert_eq!(brief(&lines[..2]).runs[0].state, state);
        let resumed = brief(&lines);
        assert_eq!(
            (resumed.runs.len(), &resumed.runs[0].state),
            (1, &State::Unfinished)
        );
    }

    #[test]
    fn inner_runs_and_strange_lines_are_left_out() {
        let all = brief(&[
            r#"{"event":"run","at":3,"run":1,"graph":0,"parent":{"run":0,"step":1,"field":"x"},"shared":{}}"#,
            r#"{"event":"dropped","at":4,"run":1,"panicked":true}"#,
            r#"{"event":"end","at":4,"run":1,"error":["no"]}"#,
            "garbage",
            r#"{"event":"exec","at":4,"run":0,"step":1,"began":1,"node":"n","redacted":true}"#,
        ]);
        assert_eq!(
            (all.runs.len(), &all.runs[0].state),
            (1, &State::Unfinished)
        );
        assert!(all.problem.is_none());
    }

    #[test]
    fn what_is_not_a_record_says_so() {
        let mut other = Brief::default();
        other.take(b"hello\n");
        assert_eq!(other.problem.as_deref(), Some("it is not a record of runs"));
        let mut newer = Brief::default();
        newer.take(b"{\"pocketflow_record\":99}\n");
        assert!(newer.problem.unwrap().contains("newer"));
    }
}
