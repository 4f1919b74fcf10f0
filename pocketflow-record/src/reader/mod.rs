//! Reads a record.

mod error;
mod lines;
mod state;

pub(crate) use error::is_invisible;
pub use error::{ReadError, ReadErrorKind};
pub(crate) use lines::begins_a_header;
pub use lines::{Line, Lines, lines};
pub(crate) use state::appended;
pub use state::{Changes, State};

use std::collections::HashMap;
use std::path::Path;

use crate::event::{self, Event, Header};

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
    headers: Vec<Header>,
    graphs: Vec<event::Graph>,
    graph_by_number: HashMap<u64, usize>,
    runs: Vec<Run>,
    run_by_number: HashMap<u64, usize>,
    cut_off: bool,
}

/// A run of a record.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Run {
    /// How it began.
    pub run: event::Run,
    /// Its steps, in their order.
    pub steps: Vec<Step>,
    /// The nested flows that it has entered, in their order.
    pub nested: Vec<Nested>,
    /// How it ended. `None` if the record stops before that.
    pub end: Option<event::End>,
    /// Whether it was dropped before its end.
    pub dropped: Option<event::Dropped>,
    /// When its last event happened.
    pub last_at: u64,
}

/// A step of a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Step {
    /// How it began.
    pub step: event::Step,
    /// Its attempts, in the order in which they ended.
    pub attempts: Vec<event::Attempt>,
    /// Its execs, in the order in which they ended: one for each branch and each item.
    pub execs: Vec<event::Exec>,
    /// What nodes have added.
    pub notes: Vec<event::Note>,
    /// The numbers of the inner runs that it has begun.
    pub inner_runs: Vec<u64>,
    /// How it ended. `None` if the record of its run stops before that.
    pub ended: Option<Ended>,
}

/// A visit to a nested flow.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Nested {
    /// How it began.
    pub enter: event::Enter,
    /// How it ended. `None` if the run ended inside.
    pub leave: Option<event::Leave>,
    /// Which steps of the run are inside: their indices in [`Run::steps`].
    pub steps: std::ops::Range<usize>,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Ended {
    /// It took an action.
    Taken(event::Taken),
    /// It failed, and the run with it.
    Failed(event::Failed),
    /// A driver has suspended the run here.
    Suspended(event::Suspended),
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// It reached this exit.
    Exit(&'a str),
    /// It failed. These are the text of the error, then that of its cause, and so on.
    Failed(&'a [String]),
    /// A driver has suspended it, to go on later.
    Suspended(&'a [String]),
    /// The record stops before the end of the run: it was [dropped](Run::dropped), its process died, or it
    /// is still running.
    Unfinished,
}

impl Recording {
    /// Reads a record.
    ///
    /// What follows the last line break is ignored: see [`is_cut_off`](Self::is_cut_off).
    ///
    /// # Errors
    ///
    /// If the text is not a record, if a newer version of the library has written it, or if a line is
    /// not an event. The error names the line.
    pub fn read(text: impl AsRef<[u8]>) -> Result<Self, ReadError> {
        let mut recording = Self {
            headers: Vec::new(),
            graphs: Vec::new(),
            graph_by_number: HashMap::new(),
            runs: Vec::new(),
            run_by_number: HashMap::new(),
            cut_off: false,
        };
        let mut lines = lines(text.as_ref());
        for line in &mut lines {
            let (number, line) = line?;
            match line {
                Line::Header(header) => recording.headers.push(header),
                Line::Event(event) => recording
                    .add(event)
                    .map_err(|kind| ReadError::at(number, kind))?,
                Line::Unknown => {}
            }
        }
        recording.cut_off = lines.is_cut_off();
        Ok(recording)
    }

    /// Reads the record in a file.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and if the file cannot be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        let path = path.as_ref();
        let text = std::fs::read(path).map_err(|error| ReadError::file(path, error))?;
        Self::read(text)
    }

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

    fn add(&mut self, event: Event) -> Result<(), ReadErrorKind> {
        match event {
            Event::Graph(graph) => self.add_graph(graph),
            Event::Run(run) => self.add_run(run),
            event => self.add_to_run(event),
        }
    }

    fn add_graph(&mut self, graph: event::Graph) -> Result<(), ReadErrorKind> {
        let (number, index) = (graph.graph, self.graphs.len());
        if self.graph_by_number.insert(number, index).is_some() {
            return Err(ReadErrorKind::repeated("graph", number));
        }
        graph.check()?;
        self.graphs.push(graph);
        Ok(())
    }

    fn add_run(&mut self, run: event::Run) -> Result<(), ReadErrorKind> {
        let (number, index) = (run.run, self.runs.len());
        if self.graph(run.graph).is_none() {
            return Err(ReadErrorKind::missing("graph", run.graph));
        }
        if let Some(parent) = &run.parent {
            let step = self.run_mut(parent.run)?.step_mut(parent.step)?;
            step.inner_runs.push(number);
        }
        if self.run_by_number.insert(number, index).is_some() {
            return Err(ReadErrorKind::repeated("run", number));
        }
        self.runs.push(Run {
            last_at: run.at,
            run,
            steps: Vec::new(),
            nested: Vec::new(),
            end: None,
            dropped: None,
        });
        Ok(())
    }

    fn run_mut(&mut self, number: u64) -> Result<&mut Run, ReadErrorKind> {
        match self.run_by_number.get(&number) {
            Some(index) => Ok(&mut self.runs[*index]),
            None => Err(ReadErrorKind::missing("run", number)),
        }
    }

    /// The graph of a step or of a nested flow must be known, and have its place.
    fn check_place(&self, number: u64, place: usize) -> Result<(), ReadErrorKind> {
        let Some(graph) = self.graph(number) else {
            return Err(ReadErrorKind::missing("graph", number));
        };
        if place >= graph.places.len() {
            return Err(ReadErrorKind::missing("place", place as u64));
        }
        Ok(())
    }

    fn add_to_run(&mut self, event: Event) -> Result<(), ReadErrorKind> {
        match &event {
            Event::Step(step) => self.check_place(step.graph, step.place)?,
            Event::Enter(enter) => self.check_place(enter.graph, 0)?,
            _ => {}
        }
        let at = event.at();
        let run = match event {
            Event::Graph(_) | Event::Run(_) => return Ok(()),
            Event::Step(step) => {
                let run = self.run_mut(step.run)?;
                run.steps.push(Step {
                    step,
                    attempts: Vec::new(),
                    execs: Vec::new(),
                    notes: Vec::new(),
                    inner_runs: Vec::new(),
                    ended: None,
                });
                run
            }
            Event::Enter(enter) => {
                let run = self.run_mut(enter.run)?;
                let at = run.steps.len();
                run.nested.push(Nested {
                    enter,
                    leave: None,
                    steps: at..usize::MAX,
                });
                run
            }
            Event::Leave(leave) => {
                let run = self.run_mut(leave.run)?;
                run.leave(leave)?;
                run
            }
            Event::Attempt(attempt) => {
                let run = self.run_mut(attempt.run)?;
                run.step_mut(attempt.step)?.attempts.push(attempt);
                run
            }
            Event::Exec(exec) => {
                let run = self.run_mut(exec.run)?;
                run.step_mut(exec.step)?.execs.push(exec);
                run
            }
            Event::Note(note) => {
                let run = self.run_mut(note.run)?;
                run.step_mut(note.step)?.notes.push(note);
                run
            }
            Event::Taken(taken) => {
                let run = self.run_mut(taken.run)?;
                let step = run.step_mut(taken.step)?;
                step.ended = Some(Ended::Taken(taken));
                run
            }
            Event::Failed(failed) => {
                let run = self.run_mut(failed.run)?;
                let step = run.step_mut(failed.step)?;
                step.ended = Some(Ended::Failed(failed));
                run
            }
            Event::Suspended(suspended) => {
                let run = self.run_mut(suspended.run)?;
                let step = run.step_mut(suspended.step)?;
                step.ended = Some(Ended::Suspended(suspended));
                run
            }
            Event::Dropped(dropped) => {
                let run = self.run_mut(dropped.run)?;
                run.dropped = Some(dropped);
                run
            }
            Event::End(end) => {
                let run = self.run_mut(end.run)?;
                run.end = Some(end);
                run
            }
        };
        run.last_at = run.last_at.max(at);
        Ok(())
    }
}

impl Run {
    /// The step with this number. A run does not go back, so it is found from its end.
    fn step_mut(&mut self, number: u64) -> Result<&mut Step, ReadErrorKind> {
        let mut steps = self.steps.iter_mut().rev();
        steps
            .find(|step| step.step.step == number)
            .ok_or(ReadErrorKind::missing("step", number))
    }

    /// Ends the visit to a nested flow, and those inside it, which a failure has ended.
    fn leave(&mut self, leave: event::Leave) -> Result<(), ReadErrorKind> {
        let until = self.steps.len();
        let open = |nested: &&mut Nested| nested.steps.end == usize::MAX;
        for nested in self.nested.iter_mut().rev().filter(open) {
            nested.steps.end = until;
            if nested.enter.path == leave.path {
                nested.leave = Some(leave);
                return Ok(());
            }
        }
        Err(ReadErrorKind::not_entered(&leave.path))
    }

    /// The number of the run in its record.
    pub fn number(&self) -> u64 {
        self.run.run
    }

    /// How the run ended.
    pub fn outcome(&self) -> Outcome<'_> {
        match &self.end {
            None => Outcome::Unfinished,
            Some(end) if end.suspended => Outcome::Suspended(&end.error),
            Some(event::End {
                exit: Some(exit), ..
            }) => Outcome::Exit(exit),
            Some(end) => Outcome::Failed(&end.error),
        }
    }

    /// The fields of the store when the run began.
    pub fn state_at_start(&self) -> State {
        State::of(&self.run.shared)
    }

    /// The fields of the store after so many steps of [`steps`](Self::steps).
    pub fn state_after(&self, steps: usize) -> State {
        let mut state = self.state_at_start();
        self.replay(|done, changes| {
            if done <= steps {
                state.apply(changes);
            }
        });
        state
    }

    /// The fields of the store at the end of the run, or where its record stops.
    pub fn state_at_end(&self) -> State {
        let mut state = self.state_at_start();
        self.replay(|_, changes| state.apply(changes));
        if let Some(end) = &self.end {
            state.apply(Changes::of(&end.changed, &end.appended));
        }
        state
    }

    /// Visits all changes of steps and of nested flows in their order, each with the number of steps
    /// that have been done.
    fn replay<'a>(&'a self, mut visit: impl FnMut(usize, Changes<'a>)) {
        // Nested flows that end after the same step end from the innermost out, which is the reverse of
        // the order in which they began.
        let mut leaves: Vec<_> = self.nested.iter().rev().collect();
        leaves.sort_by_key(|nested| nested.steps.end);
        let mut leaves = leaves.into_iter().peekable();
        for done in 0..=self.steps.len() {
            if let Some(step) = done.checked_sub(1).map(|last| &self.steps[last]) {
                if let Some(ended) = &step.ended {
                    visit(done, ended.changes());
                }
            }
            while let Some(nested) = leaves.next_if(|nested| nested.steps.end == done) {
                if let Some(leave) = &nested.leave {
                    visit(done, Changes::of(&leave.changed, &leave.appended));
                }
            }
        }
    }
}

impl Step {
    /// The action that it took. `None` if it took none: the run ended here.
    pub fn action(&self) -> Option<&str> {
        match &self.ended {
            Some(Ended::Taken(taken)) => Some(&taken.action),
            _ => None,
        }
    }

    /// The exec of a branch and an item. Both are `None` if the node is alone in its step and is not a
    /// batch.
    pub fn exec(&self, branch: Option<usize>, item: Option<usize>) -> Option<&event::Exec> {
        let mut execs = self.execs.iter();
        execs.find(|exec| exec.branch == branch && exec.item == item)
    }
}

impl Ended {
    /// When the step ended.
    pub fn at(&self) -> u64 {
        match self {
            Self::Taken(taken) => taken.at,
            Self::Failed(failed) => failed.at,
            Self::Suspended(suspended) => suspended.at,
        }
    }

    /// What has changed in the store.
    pub fn changes(&self) -> Changes<'_> {
        match self {
            Self::Taken(taken) => Changes::of(&taken.changed, &taken.appended),
            Self::Failed(failed) => Changes::of(&failed.changed, &failed.appended),
            Self::Suspended(suspended) => Changes::of(&suspended.changed, &suspended.appended),
        }
    }

    /// The text of the error, then that of its cause, and so on. It is empty for an action.
    pub fn error(&self) -> &[String] {
        match self {
            Self::Taken(_) => &[],
            Self::Failed(failed) => &failed.error,
            Self::Suspended(suspended) => &suspended.error,
        }
    }
}

impl event::Graph {
    /// The indices of its edges must be those of its places and exits.
    fn check(&self) -> Result<(), ReadErrorKind> {
        if self.places.is_empty() {
            return Err(ReadErrorKind::missing("place", 0));
        }
        let check = |target: event::Target| {
            let (what, index, count) = match target {
                event::Target::Place(place) => ("place", place, self.places.len()),
                event::Target::Exit(exit) => ("exit", exit, self.exits.len()),
            };
            if index < count {
                Ok(())
            } else {
                Err(ReadErrorKind::missing(what, index as u64))
            }
        };
        for edge in &self.edges {
            check(event::Target::Place(edge.from))?;
            check(edge.to)?;
            if let Some(bound) = &edge.bound {
                check(bound.otherwise)?;
            }
        }
        Ok(())
    }
}
