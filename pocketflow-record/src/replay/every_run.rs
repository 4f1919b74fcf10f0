//! Replays every run of a flow in a record, or in some files, as a test.

use std::path::Path;

use super::difference::Plain;
use super::ends::Ends;
use super::error::{ReplayError, ReplayErrorKind};
use super::fields::Replayable;
use super::files;
use super::one_run::Replay;
use super::run_on::ReplayFlow;
use crate::Recording;

/// Replays every run of a flow in a record, and compares it with the record. Returns how many runs
/// there were: at least one.
///
/// Each run begins with the `Default` of the store, and fills it from the record. For a store without
/// one, or whose confidential fields need values, use [`Replay::run_on`].
///
/// ```
/// # use pocketflow::{Shared, flow, node};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Shared, Default, Serialize, Deserialize)]
/// struct Article { topic: String, text: Option<String> }
///
/// #[node(Article, writes = text)]
/// async fn draft(topic: &str) -> std::io::Result<String> {
/// #   if topic == "snow" { unreachable!() }
///     Ok(format!("All about {topic}."))   // it asks a model
/// }
///
/// flow! { Write { draft; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let record = pocketflow_record::Record::in_memory();
/// # Write.with(&record).run(&mut Article { topic: "rain".into(), text: None }).await?;
/// # let record = record.text();
/// // In a test: let record = include_str!("runs/write.jsonl");
/// pocketflow_record::replay(&Write, record).await?;
/// # Ok(()) }
/// ```
///
/// A flow that has only places on fields, `flow! { Work { Draft.on(article); } }`, does not say what its
/// store is. Name it: `replay::<_, Desk>(&Work, record)`.
///
/// A flow with a context: `replay(&Write.context(&services), record)`. No `exec` runs, so the services
/// can be fakes that do nothing.
///
/// # Errors
///
/// If the record has no run of this flow, if it cannot be replayed, or if a run differs from it. The
/// error says how, in lines for a reader.
pub async fn replay<F, S>(flow: &F, record: impl AsRef<[u8]>) -> Result<usize, ReplayError>
where
    F: ReplayFlow<S>,
    S: Replayable + Default,
{
    let recording = Recording::read(record)?;
    replay_each(flow, Replay::planned(recording, None)).await
}

/// Replays the records in some files, as [`replay`] does with one: yesterday's runs on today's code.
/// Returns how many runs there were.
///
/// ```no_run
/// # use pocketflow::{Shared, flow, node};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Shared, Default, Serialize, Deserialize)] struct Research { question: String }
/// # #[node(Research)] fn answer(question: &str) {}
/// # flow! { Agent { answer; } }
/// #[tokio::test]
/// async fn recorded_runs_go_as_they_went() -> Result<(), pocketflow_record::ReplayError> {
///     pocketflow_record::replay_all(&Agent, "tests/runs/*.jsonl").await?;
///     Ok(())
/// }
/// # fn main() {}
/// ```
///
/// See [`Replay::open`] for the pattern.
///
/// # Errors
///
/// If there is no such file, and all errors of [`replay`] in any of the files.
pub async fn replay_all<F, S>(flow: &F, files: impl AsRef<Path>) -> Result<usize, ReplayError>
where
    F: ReplayFlow<S>,
    S: Replayable + Default,
{
    let (mut runs, mut errors) = (0, Vec::new());
    for file in files::matching(files.as_ref())? {
        let replays = match Recording::open(&file) {
            Ok(recording) => Replay::planned(recording, Some(&file)),
            Err(error) => {
                runs += 1;
                errors.push(ReplayError::from(error).in_file(Some(&file)));
                continue;
            }
        };
        match replay_each(flow, replays).await {
            Ok(more) => runs += more,
            Err(error) => match error.kind {
                ReplayErrorKind::Several { of, errors: more } => {
                    runs += of;
                    errors.extend(more);
                }
                kind => {
                    runs += 1;
                    let error = ReplayError { kind, ..error };
                    errors.push(error.in_file(Some(&file)));
                }
            },
        }
    }
    match errors.pop() {
        None => Ok(runs),
        Some(only) if runs == 1 => Err(only),
        Some(last) => {
            errors.push(last);
            Err(ReplayErrorKind::Several { of: runs, errors }.into())
        }
    }
}

/// Replays the runs of this flow.
async fn replay_each<F, S>(flow: &F, replays: Vec<Replay>) -> Result<usize, ReplayError>
where
    F: ReplayFlow<S>,
    S: Replayable + Default,
{
    if replays.is_empty() {
        return Err(ReplayErrorKind::NoRun.into());
    }
    let is_of_flow = |replay: &Replay| replay.flow() == F::GRAPH.name;
    if !replays.iter().any(is_of_flow) {
        let mut recorded: Vec<String> = Vec::new();
        for replay in &replays {
            if !recorded.iter().any(|name| name == replay.flow()) {
                recorded.push(replay.flow().to_owned());
            }
        }
        let flow = F::GRAPH.name.to_owned();
        return Err(ReplayErrorKind::OtherFlow { recorded, flow }.into());
    }
    let (mut runs, mut errors) = (0, Vec::new());
    for replay in replays.into_iter().filter(is_of_flow) {
        runs += 1;
        replay.warn_if_unfinished();
        if let Err(error) = replay.run_on(flow, S::default()).await {
            errors.push(error);
        }
    }
    match errors.pop() {
        None => Ok(runs),
        Some(only) if runs == 1 => Err(only),
        Some(last) => {
            errors.push(last);
            Err(ReplayErrorKind::Several { of: runs, errors }.into())
        }
    }
}

impl Replay {
    /// A test prints it if it fails, or with `--nocapture`.
    fn warn_if_unfinished(&self) {
        let ends = Ends::of(self.plan.last(self.run));
        if !ends.is_finished() {
            let file = self.file.as_ref();
            let file = file.map(|file| format!("{}: ", file.display()));
            let (file, name) = (file.unwrap_or_default(), self.name());
            let run = Plain(&name);
            match ends.stopped() {
                Some(dropped) => {
                    eprintln!(
                        "warning: {file}the run `{run}` {dropped}, and its replay stops there"
                    );
                }
                None => eprintln!(
                    "warning: {file}the record of the run `{run}` stops before the end of the run, and so does its replay"
                ),
            }
        }
    }
}
