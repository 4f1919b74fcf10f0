//! Reads a record, event by event, and refuses one that refers to what is not there.

use std::collections::HashMap;
use std::path::Path;

use super::error::{ReadError, ReadErrorKind};
use super::lines::{Line, lines};
use super::recording::Recording;
use super::run::{Ended, Nested, Run, Step};
use crate::event::{self, Event};

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
