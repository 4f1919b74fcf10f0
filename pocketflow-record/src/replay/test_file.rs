//! A recorded run as the source of a test.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use super::damage::damage;
use super::difference::Plain;
use super::ends::Ends;
use super::error::{ReplayError, ReplayErrorKind};
use super::one_run::Replay;
use super::plan::Plan;
use super::test_name;
use crate::event::{self, Json, Kind};
use crate::names;
use crate::{Outcome, Recording, Run};

/// A recorded run as a test: the fixture, which is the record of this run alone, and the lines of the
/// test. [`generate_test`] makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GeneratedTest {
    /// The name of the test's function, such as `checkout_order_17`. It is a good name for the file of
    /// the fixture as well.
    pub name: String,
    /// The text of the fixture.
    pub fixture: String,
    flow: String,
    store: String,
    context: Option<String>,
    about: String,
    /// Which run of its record it is, if it has no id.
    unnamed: Option<Unnamed>,
    /// Whether the flow can also run on other stores.
    names_store: bool,
    /// The nodes whose values are confidential.
    redacted: BTreeSet<String>,
    /// The nodes whose values JSON could not hold.
    unwritable: BTreeSet<String>,
    ends: Ends,
}

/// A run without an id.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unnamed {
    number: u64,
    /// Whether its record has other runs.
    one_of_several: bool,
}

/// Makes a test from a recorded run. `run` is its id or, for a run without an id, its number in the
/// record. If it is `None`, the record must contain exactly one run.
///
/// ```
/// # use pocketflow::{Shared, flow, node};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Shared, Default, Serialize, Deserialize)] struct Article { topic: String, text: Option<String> }
/// # #[node(Article, writes = text)] async fn draft(topic: &str) -> String { topic.into() }
/// # flow! { Write { draft; } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let record = pocketflow_record::Record::in_memory();
/// # Write.with(&record).run(&mut Article { topic: "rain".into(), text: None }).await?;
/// # let record = record.text();
/// let test = pocketflow_record::generate_test(&record, None)?;
/// println!("{}", test.code("runs/write.jsonl"));
/// # assert!(test.code("runs/write.jsonl").contains(r#"let record = include_str!("runs/write.jsonl");"#));
/// # assert_eq!(pocketflow_record::replay(&Write, &test.fixture).await?, 1);
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// If the text is not a record, if it has no such run, if lines of the run are missing, if the run has no
/// values, or if the flow has no name.
pub fn generate_test(record: &str, run: Option<&str>) -> Result<GeneratedTest, ReplayError> {
    let replay = match run {
        Some(run) => Replay::run_of(record, run)?,
        None => Replay::of(record)?,
    };
    let plan = &replay.plan;
    let is_without = |piece: &Run| !piece.run.values;
    if plan.pieces(replay.run).any(is_without) {
        return Err(ReplayErrorKind::WithoutValues.into());
    }
    if replay.flow().is_empty() {
        return Err(ReplayErrorKind::Unnamed.into());
    }
    if let Some(what) = damage(plan, replay.run) {
        return Err(ReplayErrorKind::Damaged { what }.into());
    }
    let runs = plan.with_inner_runs(replay.run);
    let recording = plan.recording();
    let of_test = || {
        recording
            .runs()
            .iter()
            .filter(|run| runs.contains(&run.number()))
    };
    let (mut redacted, mut unwritable) = (BTreeSet::new(), BTreeSet::new());
    for exec in of_test().flat_map(|run| run.steps.iter().flat_map(|step| &step.execs)) {
        if exec.redacted {
            redacted.insert(exec.node.clone());
        } else if exec.value.as_ref().and_then(Json::why_unwritable).is_some() {
            unwritable.insert(exec.node.clone());
        }
    }
    let graph = plan.graph(replay.run);
    let context = graph.context.as_deref();
    let nodes = redacted.union(&unwritable);
    let nodes = nodes.map(|node| ("a node", node.as_str()));
    let names = [("the flow", replay.flow()), ("the store", &graph.store)];
    let bad_name = names
        .into_iter()
        .chain(nodes)
        .find(|(_, name)| !is_name(name));
    let bad_type = context
        .filter(|name| !is_type(name))
        .map(|name| ("the context", name));
    if let Some((what, name)) = bad_name.or(bad_type) {
        let name = name.to_owned();
        return Err(ReplayErrorKind::BadName { what, name }.into());
    }
    let ends = Ends::of(plan.last(replay.run));
    let number = plan.first(replay.run).number();
    let unnamed = replay.id().is_none().then(|| Unnamed {
        number,
        one_of_several: plan.outermost().nth(1).is_some(),
    });
    Ok(GeneratedTest {
        name: match replay.id() {
            Some(id) => test_name::of_id(replay.flow(), id),
            None => test_name::of_number(replay.flow(), number),
        },
        fixture: fixture(record, recording, &runs),
        flow: replay.flow().to_owned(),
        store: graph.store.clone(),
        context: graph.context.clone(),
        about: about(plan, replay.run, &ends),
        unnamed,
        names_store: names_store(recording, graph),
        redacted,
        unwritable,
        ends,
    })
}

/// Whether a node of the flow says what the store is. Flows on fields run on any store that has these
/// fields, so a flow that has nothing else does, too.
fn names_store(recording: &Recording, graph: &event::Graph) -> bool {
    let is_of_store = |place: &event::Place| match place.kind {
        Kind::Node => true,
        Kind::Fork => place.fork.iter().any(|branch| branch.kind == Kind::Node),
        Kind::Flow => {
            let inner = place.flow.and_then(|graph| recording.graph(graph));
            inner.is_some_and(|inner| names_store(recording, inner))
        }
        _ => false,
    };
    graph.places.iter().any(is_of_store)
}

impl GeneratedTest {
    /// Names a test after the file of the record, `plan_monday` for `monday.jsonl`. It is for a run
    /// without an id, which has only a number in its record: one with an id keeps its name.
    pub fn in_file(mut self, file: impl AsRef<Path>) -> Self {
        if let (Some(run), Some(stem)) = (&self.unnamed, file.as_ref().file_stem()) {
            let number = run.one_of_several.then_some(run.number);
            self.name = test_name::of_file(&self.flow, &stem.to_string_lossy(), number);
        }
        self
    }

    /// Whether the record has the end of the run. Otherwise the test replays the run until the record
    /// stops.
    pub fn is_finished(&self) -> bool {
        self.ends.is_finished()
    }

    /// Why the test stops before the end of the run, and what to do about it. `None` if the record
    /// [has the end](Self::is_finished).
    pub fn why_unfinished(&self) -> Option<String> {
        self.ends.why_unfinished()
    }

    /// The lines of the test. `fixture` is the path of the fixture's file, relative to the file of the
    /// test.
    ///
    /// They name the flow, its store and its context by their types. Where these are in another crate or
    /// module, add a `use`. If the flow has fields, for nodes with values, add them:
    /// `&Agent { ask: Ask::new() }`. A context is left to you, and so is the value of an exec that is
    /// confidential, or that JSON could not hold.
    pub fn code(&self, fixture: &str) -> String {
        let Self { name, about, .. } = self;
        let mut code = format!("/// {about}\n#[tokio::test]\nasync fn {name}() ");
        let flow = match &self.context {
            Some(_) => format!("{}.context(&context)", self.flow),
            None => self.flow.clone(),
        };
        let context = self.context.as_ref().map(|context| {
            format!(
                "    // No exec runs, so the context can be one that does nothing.
    let context: {context} = todo!(\"a context\");
"
            )
        });
        let context = context.unwrap_or_default();
        let store = &self.store;
        let missing = match (self.redacted.is_empty(), self.unwritable.is_empty()) {
            (true, true) => "",
            (false, true) => "These values are confidential, so they are not in the record.",
            (true, false) => "JSON could not hold these values, so they are not in the record.",
            (false, false) => {
                "These values are not in the record: they are confidential, or JSON could not hold them."
            }
        };
        if missing.is_empty() {
            let types = match self.names_store {
                true => String::new(),
                false => format!("::<_, {store}>"),
            };
            let _ = write!(
                code,
                "-> Result<(), pocketflow_record::ReplayError> {{
{context}    let record = include_str!({fixture:?});
    pocketflow_record::replay{types}(&{flow}, record).await?;
    Ok(())
}}
"
            );
            return code;
        }
        let _ = write!(
            code,
            "-> Result<(), Box<dyn std::error::Error>> {{
{context}    // {missing}
    let stub = pocketflow::Stub::new()"
        );
        for node in self.redacted.union(&self.unwritable) {
            let _ = write!(
                code,
                "\n        .node::<{node}>(|_reads, _attempt| todo!(\"a value of `{node}`\"))"
            );
        }
        let _ = write!(
            code,
            ";
    let record = include_str!({fixture:?});
    let replay = pocketflow_record::Replay::of(record)?;
    let mut store = {store}::default();
    let run = {flow}.with(&stub).with(&replay).run(&mut store).await;
"
        );
        match self.ends.without_exit() {
            Some(ends) => {
                let _ = write!(
                    code,
                    "    let error = run.err().expect({ends:?});
    assert!(error.find::<pocketflow_record::ReplayErrorKind>().is_none(), \"{{error:?}}\");
"
                );
            }
            None => code += "    run?;\n",
        }
        code + "    Ok(())\n}\n"
    }
}

/// The lines of the record that are about these runs and their graphs.
fn fixture(record: &str, recording: &Recording, runs: &HashSet<u64>) -> String {
    #[derive(Deserialize)]
    struct About {
        #[serde(default)]
        event: String,
        graph: Option<u64>,
        run: Option<u64>,
    }
    let mut graphs = HashSet::new();
    let of_test = recording.runs().iter();
    for run in of_test.filter(|run| runs.contains(&run.number())) {
        add_graphs(recording, run.run.graph, &mut graphs);
    }
    let is_kept = |line: &&str| match serde_json::from_str::<About>(line) {
        Ok(about) if about.event == "graph" => {
            about.graph.is_some_and(|graph| graphs.contains(&graph))
        }
        Ok(about) if !about.event.is_empty() => about.run.is_some_and(|run| runs.contains(&run)),
        // The headers.
        _ => true,
    };
    let lines = record.split_inclusive('\n');
    lines
        .filter(|line| line.ends_with('\n'))
        .filter(is_kept)
        .collect()
}

fn add_graphs(recording: &Recording, number: u64, graphs: &mut HashSet<u64>) {
    if !graphs.insert(number) {
        return;
    }
    let places = recording
        .graph(number)
        .map_or(&[][..], |graph| &graph.places);
    let branches = places.iter().flat_map(|place| &place.fork);
    for flow in places.iter().chain(branches).filter_map(|place| place.flow) {
        add_graphs(recording, flow, graphs);
    }
}

/// What the run was, in a line.
fn about(plan: &Plan, run: usize, ends: &Ends) -> String {
    let first = plan.first(run);
    let flow = &plan.graph(run).name;
    let steps = count(plan.run(run).steps.len(), "step");
    let ends = match (plan.outcome(run), ends.stopped()) {
        (_, Some(dropped)) => dropped,
        (Outcome::Exit(exit), None) => format!("reached `{}` in {steps}", names::end(exit)),
        (Outcome::Failed(_), None) => format!("failed in {steps}"),
        (Outcome::Suspended(_), None) => format!("was suspended in {steps}"),
        (Outcome::Unfinished, None) => format!("has no end in its record, after {steps}"),
    };
    let of = match &first.run.id {
        Some(id) => format!("The run `{id}` of `{flow}`"),
        None => format!("A run of `{flow}`"),
    };
    let date = date(first.run.at);
    let about = format!("{of}, recorded on {date}: it {ends}.");
    Plain(&about).to_string()
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}

/// The date of a time in microseconds since the Unix epoch.
fn date(micros: u64) -> String {
    // The days are counted in eras of 400 years that begin on 1 March of the year 0.
    let days = micros / 86_400_000_000 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Whether a name can be that of a type, such as `Services<'static>`. A record is a file that anybody may
/// have written, so nothing else of it becomes code.
fn is_name(name: &str) -> bool {
    is_type(name) && !name.contains(['(', '[', '+', '-'])
}

/// Whether a text can be a type, such as `Box<dyn Fn() -> u8>`. It has no block, and nothing that ends it.
fn is_type(text: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || "_:<>,&'()[]+- ".contains(c);
    let starts = |c: char| c.is_alphabetic() || "_&<([".contains(c);
    text.starts_with(starts) && text.chars().all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_types_become_code() {
        for name in ["Order", "Café", "shop::Order", "Services<'static, u8>"] {
            assert!(is_name(name) && is_type(name), "{name}");
        }
        for text in [
            "dyn Llm",
            "(Client, [u8])",
            "Box<dyn Fn(&str) -> u8 + Send>",
        ] {
            assert!(is_type(text), "{text}");
        }
        for name in ["a()", "[a]", "-a", "(a)"] {
            assert!(!is_name(name), "{name}");
        }
        for text in [
            "", "A; b", "../../a", "A{", "a\nb", "\"A\"", "#[a]", "a!", "// a", "A = b", "1",
        ] {
            assert!(!is_type(text), "{text}");
        }
    }

    #[test]
    fn a_date_is_that_of_the_calendar() {
        let day = 86_400_000_000;
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(59 * day - 1), "1970-02-28");
        assert_eq!(date(19_782 * day), "2024-02-29");
        assert_eq!(date(19_783 * day), "2024-03-01");
        assert_eq!(date(1_764_149_400_000_000), "2025-11-26");
    }
}
