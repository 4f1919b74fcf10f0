//! The commands.

use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::Subcommand;
use pocketflow_checkpoint::{RunSummary, Status, Storage, StorageError};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::print;
use crate::output;

type Failure = Box<dyn Error>;

/// The commands that only read.
#[derive(Subcommand)]
pub(crate) enum Query {
    /// Lists the runs, most recently changed last
    List {
        /// Only runs that are enqueued, running, orphaned, waiting, sleeping, finished, failed, stuck
        /// or cancelled. No process has started an enqueued run yet. An orphaned run is unfinished, and
        /// no process drives it any more: start its program again. Runs on Restate are never enqueued,
        /// orphaned or stuck, and only they are sleeping; in a database, those are waiting
        #[arg(long, value_parser = Listed::parse)]
        status: Option<Listed>,
    },
    /// Shows a run, except for its state, which `state` prints
    Show {
        /// The id of the run
        run: String,
    },
    /// Lists the steps in the history of a run
    History {
        /// The id of the run
        run: String,
    },
    /// Prints the state of a run as JSON
    State {
        /// The id of the run
        run: String,
        /// The state after this step; without it, the last state
        step: Option<u64>,
    },
}

/// The commands that change something.
#[derive(Subcommand)]
pub(crate) enum Change {
    /// Answers a waiting run. It resumes at once if its program is running, and otherwise when its
    /// program is started again
    Fill {
        /// The id of the run
        run: String,
        /// The wait, as `list` names it: approval#2. The field alone is enough while the run waits
        /// for it
        wait: String,
        /// The value as JSON: true, 12, '"a text"', '{"a": 1}'. Anything that is not valid JSON is
        /// treated as text: fill RUN name Ada
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Cancels a run. If a process drives it, it stops at the end of its step. A cancelled run does
    /// not start again, and cannot be filled, before it is retried
    Cancel {
        /// The id of the run
        run: String,
    },
    /// Lets a stuck, failed or cancelled run start again
    Retry {
        /// The id of the run
        run: String,
    },
    /// Releases the lease of a run, so that another process can drive it at once. If the process
    /// that has it is alive, it stops, and its step runs once more
    Release {
        /// The id of the run
        run: String,
    },
    /// Puts a run back to where it was after a given step, to run again from there
    Rewind {
        /// The id of the run
        run: String,
        /// The number of the step, as `history` lists it
        step: u64,
    },
    /// Sets a field of the state of a run that no process drives
    Edit {
        /// The id of the run
        run: String,
        /// The field, as `state` prints it
        field: String,
        /// The value, as for `fill`
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Copies all runs to a new file, even while programs use them. A plain copy of the file would
    /// lack the changes that are still in its log
    Backup {
        /// The new file
        file: PathBuf,
    },
    /// Copies a run as it was after a given step to a new run
    Fork {
        /// The id of the run
        run: String,
        /// The number of the step, as `history` lists it
        step: u64,
        /// The id of the new run
        new: String,
    },
    /// Removes the stored items of the step that a run is in, so that they run again
    DropItems {
        /// The id of the run
        run: String,
    },
    /// Removes a run and its history
    Remove {
        /// The id of the run
        run: String,
    },
    /// Removes the runs that finished long ago
    Prune {
        /// How long ago: 90s, 30m, 12h, 30d or 8w
        #[arg(long, value_parser = duration)]
        older_than: Duration,
        /// The runs to remove: finished, failed, stuck or cancelled
        #[arg(long, default_value = "finished")]
        status: Status,
    },
    /// Gives the room of removed runs back to the system
    Vacuum,
}

/// A status as it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listed {
    Orphaned,
    Enqueued,
    Sleeping,
    Status(Status),
}

impl Listed {
    fn parse(text: &str) -> Result<Self, String> {
        if text == print::ORPHANED {
            return Ok(Self::Orphaned);
        }
        if text == print::ENQUEUED {
            return Ok(Self::Enqueued);
        }
        if text == print::SLEEPING {
            return Ok(Self::Sleeping);
        }
        text.parse().map(Self::Status).map_err(|_| {
            format!(
                "`{text}` is not a status: write enqueued, running, orphaned, waiting, sleeping, finished, failed, stuck or cancelled"
            )
        })
    }

    /// The stored status.
    fn stored(self) -> Status {
        match self {
            Self::Orphaned | Self::Enqueued => Status::Running,
            Self::Sleeping => Status::Waiting,
            Self::Status(status) => status,
        }
    }

    /// The status with which a run is listed.
    fn of(run: &RunSummary) -> Self {
        match run {
            RunSummary { orphaned: true, .. } => Self::Orphaned,
            RunSummary { enqueued: true, .. } => Self::Enqueued,
            run => Self::Status(run.status),
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!("`{text}` is not a duration: write a whole number and s, m, h, d or w, such as 30d")
    };
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - unit.len_utf8()]
        .parse()
        .map_err(|_| wrong())?;
    number
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or_else(wrong)
}

/// What a query prints.
pub(crate) async fn query(
    storage: &impl Storage,
    query: &Query,
    json: bool,
) -> Result<String, Failure> {
    Ok(match query {
        Query::List {
            status: Some(Listed::Sleeping),
        } => {
            return Err("a run in a database that sleeps is listed with `--status waiting`".into());
        }
        Query::List { status } => {
            let mut runs = storage.list(status.map(Listed::stored)).await?;
            if let Some(status) = status {
                runs.retain(|run| Listed::of(run) == *status);
            }
            if json {
                output::line(&runs)
            } else {
                print::list(&runs)
            }
        }
        Query::Show { run } => {
            let record = known(run, storage.show(run)).await?;
            if json {
                print::record_json(&record)?
            } else {
                print::record(&record)
            }
        }
        Query::History { run } => {
            let steps = storage.history(run).await?;
            if json {
                output::line(&steps)
            } else {
                print::history(&steps)
            }
        }
        Query::State { run, step: None } => known(run, storage.show(run)).await?.state + "\n",
        Query::State {
            run,
            step: Some(step),
        } => {
            // The run first, so that the error says which of the two is missing.
            storage.history(run).await?;
            let (run, step) = (run.clone(), *step);
            let stored = storage.checkpoint(&run, step).await?;
            let missing = StorageError::NoCheckpoint { run, step };
            stored.ok_or(missing)?.state + "\n"
        }
    })
}

async fn known<T>(
    run: &str,
    found: impl Future<Output = Result<Option<T>, StorageError>>,
) -> Result<T, StorageError> {
    found.await?.ok_or_else(|| StorageError::UnknownRun {
        run: run.to_owned(),
    })
}

/// Makes a change, and returns what has changed, as text and as JSON.
pub(crate) async fn change(
    storage: &impl Storage,
    change: &Change,
    backup: impl AsyncFn(&Path) -> Result<(), Failure>,
) -> Result<(String, Value), Failure> {
    Ok(match change {
        Change::Fill { run, wait, value } => fill(storage, run, wait, value).await?,
        Change::Cancel { run } => {
            storage.cancel(run).await?;
            (format!("cancelled run `{run}`"), json!({ "run": run }))
        }
        Change::Retry { run } => {
            storage.retry(run).await?;
            let text = format!("run `{run}` can resume: start its program again");
            (text, json!({ "run": run }))
        }
        Change::Release { run } => {
            storage.release_lease(run).await?;
            let text = format!("released the lease of run `{run}`");
            (text, json!({ "run": run }))
        }
        Change::Rewind { run, step } => {
            storage.rewind(run, *step).await?;
            let text = format!("run `{run}` continues after step {step}: start its program again");
            (text, json!({ "run": run, "step": step }))
        }
        Change::Edit { run, field, value } => edit(storage, run, field, value).await?,
        Change::Backup { file } => {
            backup(file).await?;
            let text = format!("copied all runs to {}", file.display());
            (text, json!({ "file": file }))
        }
        Change::Fork { run, step, new } => {
            storage.fork(run, *step, new).await?;
            let text = format!("run `{new}` continues after step {step} of run `{run}`");
            (text, json!({ "run": new, "step": step }))
        }
        Change::DropItems { run } => {
            let dropped = storage.drop_items(run).await?;
            let items = if dropped == 1 { "item" } else { "items" };
            let text = format!("removed {dropped} stored {items} of run `{run}`");
            (text, json!({ "run": run, "dropped": dropped }))
        }
        Change::Remove { run } => {
            storage.remove(run).await?;
            (format!("removed run `{run}`"), json!({ "run": run }))
        }
        Change::Prune { older_than, status } => {
            let before = SystemTime::now().checked_sub(*older_than);
            let before = before.unwrap_or(SystemTime::UNIX_EPOCH);
            let removed = storage.prune(*status, before, None).await?;
            let runs = if removed == 1 { "run" } else { "runs" };
            (
                format!("removed {removed} {runs}"),
                json!({ "removed": removed }),
            )
        }
        Change::Vacuum => {
            storage.vacuum().await?;
            ("gave the free room back".to_owned(), json!({}))
        }
    })
}

async fn fill(
    storage: &impl Storage,
    run: &str,
    wait: &str,
    value: &str,
) -> Result<(String, Value), Failure> {
    let text = value_json(value);
    storage.fill(run, wait, &text).await?;
    let kind = kind(&text);
    let filled = format!("filled `{wait}` of run `{run}` with {kind}");
    Ok((filled, json!({ "run": run, "wait": wait })))
}

async fn edit(
    storage: &impl Storage,
    run: &str,
    field: &str,
    value: &str,
) -> Result<(String, Value), Failure> {
    let text = value_json(value);
    let value: &RawValue = serde_json::from_str(&text)?;
    let fields = serde_json::to_string(&BTreeMap::from([(field, value)]))?;
    storage.edit(run, &fields).await?;
    let kind = kind(&text);
    let edited = format!("set `{field}` of run `{run}` to {kind}");
    Ok((edited, json!({ "run": run, "field": field })))
}

/// A value of the command line as JSON.
pub(super) fn value_json(value: &str) -> String {
    match serde_json::from_str::<serde::de::IgnoredAny>(value) {
        Ok(_) => value.to_owned(),
        Err(_) => Value::from(value).to_string(),
    }
}

/// What kind of value a JSON text is. Otherwise its type would become known only when the run
/// resumes. The value itself may be confidential.
pub(super) fn kind(json: &str) -> &str {
    let json = json.trim();
    match json.as_bytes().first() {
        Some(b'"') => "a text",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f' | b'n') => json,
        _ => "a number",
    }
}
