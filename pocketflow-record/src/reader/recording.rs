//! A record that has been read.

use std::collections::HashMap;

use super::run::{Run, Step};
use crate::event::{self, Header};

/// A record that has been read: its graphs, and its runs with their steps.
///
/// ```
/// use pocketflow_record::{Outcome, Recording};
///
/// let record = r#"{"pocketflow_record":1,"library":"0.1.0"}
/// {"event":"graph","at":1,"graph":0,"name":"Checkout","fingerprint":"07","store":"Order","exits":["default"],"places":[{"name":"pay","kind":"node"}],"edges":[]}
/// {"event":"run","at":2,"run":0,"graph":0,"shared":{"total":100,"receipt":null}}
/// {"event":"step","at":3,"run":0,"step":1,"graph":0,"place":0,"path":["pay"]}
/// {"event":"taken","at":9,"run":0,"step":1,"path":["pay"],"action":"default","changed":{"receipt":"paid"}}
/// {"event":"end","at":9,"run":0,"exit":"default"}
/// "#;
/// let recording = Recording::read(record)?;
/// let run = &recording.runs()[0];
/// assert_eq!(recording.graph_of(run).name, "Checkout");
/// assert_eq!(run.outcome(), Outcome::Exit("default"));
/// assert_eq!(run.steps[0].action(), Some("default"));
/// assert_eq!(run.state_at_end().get("receipt"), Some(r#""paid""#));
/// # Ok::<(), pocketflow_record::ReadError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Recording {
    pub(super) headers: Vec<Header>,
    pub(super) graphs: Vec<event::Graph>,
    pub(super) graph_by_number: HashMap<u64, usize>,
    pub(super) runs: Vec<Run>,
    pub(super) run_by_number: HashMap<u64, usize>,
    pub(super) cut_off: bool,
}

impl Recording {
    /// The headers: one for each process that has written to the record.
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// The graphs, in the order of the record.
    pub fn graphs(&self) -> &[event::Graph] {
        &self.graphs
    }

    /// The graph with this number.
    pub fn graph(&self, number: u64) -> Option<&event::Graph> {
        Some(&self.graphs[*self.graph_by_number.get(&number)?])
    }

    /// The graph of a run of this record.
    pub fn graph_of(&self, run: &Run) -> &event::Graph {
        self.graph(run.run.graph).expect("checked when it was read")
    }

    /// All runs, inner runs included, in the order in which they began.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The run with this number.
    pub fn run(&self, number: u64) -> Option<&Run> {
        Some(&self.runs[*self.run_by_number.get(&number)?])
    }

    /// The runs that are not inner runs.
    pub fn outermost(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| run.run.parent.is_none())
    }

    /// The runs with this id, in the order in which they began. A run that has resumed is another run
    /// with the same id.
    pub fn with_id<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Run> {
        let runs = self.runs.iter();
        runs.filter(move |run| run.run.id.as_deref() == Some(id))
    }

    /// The inner runs of a step, in the order in which they began.
    pub fn inner_runs<'a>(&'a self, step: &'a Step) -> impl Iterator<Item = &'a Run> {
        step.inner_runs.iter().filter_map(|run| self.run(*run))
    }

    /// Whether the text ended within a line, which is ignored: the process died while it wrote.
    pub fn is_cut_off(&self) -> bool {
        self.cut_off
    }
}
