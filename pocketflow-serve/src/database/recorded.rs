//! A run that only the database knows, as a record: its history, step by step.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use pocketflow_checkpoint::{Checkpoint, CheckpointState, RunRecord, Status};
use pocketflow_record::event::Values;
use serde::Deserialize;
use serde_json::{Value, json};

use super::definition::{Definition, Graphs, Target};
use super::redaction::Redaction;

/// What the database knows about the past of a run.
#[derive(Debug, Default)]
pub(crate) struct Past {
    pub(crate) steps: Vec<Checkpoint>,
    /// The states after these steps, by the numbers of the steps.
    pub(crate) states: BTreeMap<u64, CheckpointState>,
}

/// The position of a run, as far as it is needed.
#[derive(Deserialize, Default)]
struct Position {
    /// How many steps were done before it.
    #[serde(default)]
    steps: u64,
    #[serde(default)]
    visits: Vec<Visit>,
}

#[derive(Deserialize)]
struct Visit {
    #[serde(default)]
    fingerprint: u64,
    place: String,
}

impl Position {
    fn read(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    fn path(&self) -> Vec<String> {
        self.visits
            .iter()
            .map(|visit| visit.place.clone())
            .collect()
    }
}

/// Writes a run as the lines of a record. The steps have no attempts, because the database has none, and each
/// begins when the one before it ended.
pub(crate) fn recorded(run: &RunRecord, past: &Past, redaction: &Redaction) -> String {
    let definition = Definition::read(&run.graph);
    let position = Position::read(&run.position);
    let mut written = Writer {
        graphs: Graphs::of(&definition.flow),
        open: Vec::new(),
        events: Vec::new(),
        redaction,
        state: Values::default(),
        exit: run.exit.clone(),
    };
    written
        .open
        .push((written.graphs.outermost(), String::new()));
    let goes_on = written.goes_on(run, &position);
    let steps = written.begin(run, &position, past);
    for (index, step) in steps.iter().enumerate() {
        let next = match steps.get(index + 1) {
            Some(next) => names(&next.path),
            None => goes_on.clone(),
        };
        let began = match index {
            0 => written.last(),
            index => micros(steps[index - 1].time),
        };
        written.step(step, began, &next, past.states.get(&step.step));
    }
    written.end(run, goes_on);
    let mut text = String::from("{\"pocketflow_record\":1}\n");
    for event in written.events {
        text += &event.to_string();
        text.push('\n');
    }
    text
}

struct Writer<'a> {
    graphs: Graphs,
    /// The flows that the run is in: the number of the graph, and the name of the place in the flow around it.
    open: Vec<(usize, String)>,
    events: Vec<Value>,
    redaction: &'a Redaction,
    /// The fields as they were written last.
    state: Values,
    /// The exit that the run has reached.
    exit: Option<String>,
}

impl Writer<'_> {
    /// Writes the beginning, and returns the steps to show. If the history no longer has the first step, the
    /// record begins with the oldest state that it has.
    fn begin<'b>(
        &mut self,
        run: &RunRecord,
        position: &Position,
        past: &'b Past,
    ) -> &'b [Checkpoint] {
        let fingerprint = position.visits.first();
        let fingerprint = fingerprint.map(|visit| format!("{:016x}", visit.fingerprint));
        let mut at = micros(run.created);
        let mut steps = &past.steps[..];
        let mut resumed = None;
        let oldest = past.steps.first().filter(|oldest| oldest.step > 1);
        if let Some((oldest, state)) =
            oldest.and_then(|step| Some((step, past.states.get(&step.step)?)))
        {
            steps = &past.steps[1..];
            at = micros(oldest.time);
            self.state = self.redaction.state(&state.state);
            let at = Position::read(&state.position).path();
            let path = self.after(at, &state.action);
            resumed = Some(self.resumed(oldest.step, &path));
        } else if past.steps.is_empty() {
            self.state = self.redaction.state(&run.state);
            let path = self.goes_on(run, position);
            resumed = (run.step > 0).then(|| self.resumed(run.step, &path));
        }
        let graphs = self.graphs.events(at, "", &fingerprint.unwrap_or_default());
        self.events.extend(graphs);
        let hidden = self.redaction.state(&run.state);
        let redacted: Vec<&str> = self.redaction.of(&hidden).collect();
        let mut begin = json!({
            "event": "run", "at": at, "run": 0, "id": run.run, "graph": self.graphs.outermost(),
            "shared": self.state, "redacted": redacted,
        });
        if let Some(resumed) = resumed {
            begin["resumed"] = resumed;
        }
        self.events.push(begin);
        steps
    }

    /// The position of a run that the history does not have from its beginning.
    fn resumed(&self, steps: u64, path: &[String]) -> Value {
        let mut number = Some(self.graphs.outermost());
        let mut flows = Vec::new();
        for name in path {
            let Some(graph) = number.map(|number| &self.graphs.all[number]) else {
                break;
            };
            flows.push(json!({ "flow": graph.name(), "fingerprint": "", "place": name }));
            number = graph.place(name).and_then(|place| graph.at(place).flow);
        }
        json!({ "steps": steps, "inner_steps": 0, "flows": flows })
    }

    /// The path of the place at which the run goes on. A stored position is that of the last finished step, or
    /// that of the place at which the run waits.
    fn goes_on(&self, run: &RunRecord, position: &Position) -> Vec<String> {
        let at = position.path();
        match &run.action {
            Some(action) if position.steps + 1 == run.step => self.after(at, action),
            _ if at.is_empty() => self.first(Vec::new(), self.graphs.outermost()),
            _ => at,
        }
    }

    /// Where a flow begins, down to a place that is not a flow.
    fn first(&self, mut path: Vec<String>, mut graph: usize) -> Vec<String> {
        while let Some(place) = self.graphs.all[graph].first() {
            path.push(place.name.clone());
            match place.flow {
                Some(inner) => graph = inner,
                None => break,
            }
        }
        path
    }

    /// The path of the place after a step. It is empty where the run ends, and where that is unknown.
    fn after(&self, mut path: Vec<String>, action: &str) -> Vec<String> {
        let mut graphs = vec![self.graphs.outermost()];
        for name in &path {
            let graph = &self.graphs.all[graphs[graphs.len() - 1]];
            let place = graph.place(name).map(|place| graph.at(place));
            graphs.extend(place.and_then(|place| place.flow));
        }
        let mut action = action.to_owned();
        while let Some(name) = path.pop() {
            let Some(number) = graphs.get(path.len()).copied() else {
                break;
            };
            let graph = &self.graphs.all[number];
            let place = graph.place(&name);
            let Some((_, edge)) = place.and_then(|place| graph.edge(place, &action)) else {
                break;
            };
            match edge.to {
                Target::Exit(exit) => graph.exit(exit).clone_into(&mut action),
                Target::Place(next) => {
                    let next = graph.at(next);
                    path.push(next.name.clone());
                    return match next.flow {
                        Some(inner) => self.first(path, inner),
                        None => path,
                    };
                }
            }
        }
        Vec::new()
    }

    /// When the last event happened.
    fn last(&self) -> u64 {
        let last = self.events.iter().filter_map(|event| event["at"].as_u64());
        last.max().unwrap_or_default()
    }

    /// Enters the nested flows of a path, and returns the graph and the place of its end.
    fn enter(&mut self, path: &[String], at: u64) -> (usize, Option<usize>) {
        let nested = path.len().saturating_sub(1);
        let common = self.open[1..].iter().zip(&path[..nested]);
        let common = common
            .take_while(|((_, name), other)| name == *other)
            .count();
        self.open.truncate(1 + common);
        for depth in common..nested {
            let outer = &self.graphs.all[self.open[depth].0];
            let place = outer.place(&path[depth]);
            let Some(graph) = place.and_then(|place| outer.at(place).flow) else {
                break;
            };
            self.open.push((graph, path[depth].clone()));
            self.events.push(json!({
                "event": "enter", "at": at, "run": 0, "path": path[..=depth], "graph": graph,
            }));
        }
        let graph = self.open.last().map_or(0, |(graph, _)| *graph);
        let place = path
            .last()
            .and_then(|name| self.graphs.all[graph].place(name));
        (graph, place)
    }

    fn begin_step(&mut self, number: u64, path: &[String], at: u64) -> (usize, Option<usize>) {
        let (graph, place) = self.enter(path, at);
        let mut step = json!({
            "event": "step", "at": at, "run": 0, "step": number, "graph": graph, "place": place, "path": path,
        });
        if let Some(field) = place.and_then(|place| self.graphs.all[graph].at(place).waits()) {
            step["waits"] = field.into();
        }
        self.events.push(step);
        (graph, place)
    }

    fn step(
        &mut self,
        step: &Checkpoint,
        began: u64,
        next: &[String],
        state: Option<&CheckpointState>,
    ) {
        let path = names(&step.path);
        let at = micros(step.time);
        let (graph, place) = self.begin_step(step.step, &path, began);
        let (mut to, mut edge) = self.target(graph, place, &step.action, next);
        let mut taken = json!({
            "event": "taken", "at": at, "run": 0, "step": step.step, "path": path, "action": step.action,
            "changed": self.changed(state),
        });
        led(&mut taken, edge, to);
        self.events.push(taken);
        // The exit of a nested flow is the action of its place.
        while let (Some(Target::Exit(exit)), true) = (to, self.open.len() > 1) {
            let path: Vec<String> = self.open[1..]
                .iter()
                .map(|(_, name)| name.clone())
                .collect();
            let Some((left, name)) = self.open.pop() else {
                break;
            };
            let action = self.graphs.all[left].exit(exit).to_owned();
            let outer = self.open.last().map_or(0, |(graph, _)| *graph);
            let place = self.graphs.all[outer].place(&name);
            (to, edge) = self.target(outer, place, &action, next);
            let mut leave = json!({
                "event": "leave", "at": at, "run": 0, "path": path, "graph": left, "action": action,
            });
            led(&mut leave, edge, to);
            self.events.push(leave);
        }
    }

    /// Where an action leads, and the index of its edge. Whether a bound was used up shows in where the run went.
    fn target(
        &self,
        graph: usize,
        place: Option<usize>,
        action: &str,
        next: &[String],
    ) -> (Option<Target>, Option<usize>) {
        let graph = &self.graphs.all[graph];
        let Some((index, edge)) = place.and_then(|place| graph.edge(place, action)) else {
            return (None, None);
        };
        let goes = |target: Target| match target {
            Target::Place(place) => next.contains(&graph.at(place).name),
            Target::Exit(exit) => self.exit.as_deref() == Some(graph.exit(exit)),
        };
        let to = match edge.bound {
            Some((_, otherwise))
                if !goes(edge.to) && (goes(otherwise) || matches!(otherwise, Target::Exit(_))) =>
            {
                otherwise
            }
            _ => edge.to,
        };
        (Some(to), Some(index))
    }

    /// The fields that differ from those that were written last.
    fn changed(&mut self, state: Option<&CheckpointState>) -> Values {
        let Some(state) = state else {
            return Values::default();
        };
        let now = self.redaction.state(&state.state);
        let changed = now
            .iter()
            .filter(|(name, value)| self.state.get(name) != Some(value));
        // Before the first step, nothing is known, and an empty field says nothing.
        let unknown = self.state.is_empty();
        let changed = changed.filter(|(_, value)| !unknown || value.text() != "null");
        let changed = changed
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        self.state = now;
        changed
    }

    fn end(&mut self, run: &RunRecord, path: Vec<String>) {
        let at = micros(run.updated).max(self.last());
        let message = run.message.clone();
        let stops = |words: String| json!({ "event": "end", "at": at, "run": 0, "suspended": true, "error": [words] });
        let end = match run.status {
            Status::Finished => json!({ "event": "end", "at": at, "run": 0, "exit": run.exit }),
            Status::Failed | Status::Stuck => {
                let error = [message.unwrap_or_else(|| run.status.to_string())];
                let began = self.last();
                self.begin_step(run.step + 1, &path, began);
                self.events.push(json!({
                    "event": "failed", "at": at, "run": 0, "step": run.step + 1, "path": path, "error": error,
                    "place": path.join(" > "),
                }));
                json!({ "event": "end", "at": at, "run": 0, "error": error, "place": path.join(" > ") })
            }
            Status::Cancelled => stops("the run was cancelled".to_owned()),
            Status::Waiting => {
                let waits = match (&run.wait, run.until) {
                    (Some(wait), _) if run.filled => {
                        format!("`{wait}` has been filled, and no process has gone on yet")
                    }
                    (Some(wait), _) => format!("the run waits for `{wait}`"),
                    _ if run.next_attempt.is_some() => {
                        let next = run.next_attempt.as_ref();
                        next.map(|next| format!("the run waits for {next:#}"))
                            .unwrap_or_default()
                    }
                    (None, Some(until)) => {
                        format!("the run sleeps until {}", pocketflow_checkpoint::utc(until))
                    }
                    (None, None) => "the run waits for its inner runs".to_owned(),
                };
                let error: Vec<String> = [waits].into_iter().chain(message).collect();
                let began = self.last();
                self.begin_step(run.step + 1, &path, began);
                self.events.push(json!({
                    "event": "suspended", "at": at, "run": 0, "step": run.step + 1, "path": path, "error": error,
                    "place": path.join(" > "),
                }));
                json!({ "event": "end", "at": at, "run": 0, "suspended": true, "error": error })
            }
            Status::Running if run.enqueued => {
                return;
            }
            Status::Running => {
                let began = self.last();
                self.begin_step(run.step + 1, &path, began);
                return;
            }
        };
        self.events.push(end);
    }
}

/// Adds where something led.
fn led(event: &mut Value, edge: Option<usize>, to: Option<Target>) {
    if let (Some(edge), Some(to)) = (edge, to) {
        event["edge"] = edge.into();
        event["to"] = to.json();
    }
}

/// The names of the places in a path, without that of the flow.
fn names(path: &str) -> Vec<String> {
    path.split(" > ").skip(1).map(str::to_owned).collect()
}

fn micros(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
