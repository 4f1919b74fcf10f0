//! `pocketflow-runs`: durable runs from the terminal.

mod print;

use std::error::Error;
use std::future::Future;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::{Parser, Subcommand};
use pocketflow_checkpoint::{Sqlite, Status, Storage, StorageError};

/// Lists, shows, fills, forks, backs up and removes durable runs of flows.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    /// The database: an SQLite file, which is never created, or
    /// postgres://user:password@host/database
    #[arg(long, global = true, default_value = "runs.db")]
    db: String,
    /// Print JSON, with times in milliseconds since the epoch
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Lists the runs, most recently changed last
    List {
        /// Only runs with this status: running, waiting, finished, failed or stuck
        #[arg(long)]
        status: Option<Status>,
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
    /// Answers a waiting run, which resumes when its program is started again
    Fill {
        /// The id of the run
        run: String,
        /// The wait, as `list` names it: approval#2. The field alone is enough while the run waits
        /// for it
        wait: String,
        /// The value as JSON: true, 12, '"a text"', '{"a": 1}'. Anything that is not valid JSON is
        /// taken as a text: fill RUN name Ada
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Allows a stuck run to start again
    Retry {
        /// The id of the run
        run: String,
    },
    /// Copies all runs to a new file, while programs use them. A plain copy of the file would lack
    /// the changes in its log
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
    /// Removes the stored items of a run's step, so that they run again
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
    },
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

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(open(&arguments)));
    let error = match result {
        Ok(text) => match std::io::stdout().lock().write_all(text.as_bytes()) {
            Ok(()) => return ExitCode::SUCCESS,
            // The reader, such as `head`, has closed the pipe.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Err(error) => error.into(),
        },
        Err(error) => error,
    };
    eprintln!("error: {}", one_line(&*error));
    ExitCode::FAILURE
}

/// The error and its causes.
fn one_line(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Some errors repeat the text of their cause.
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    print::plain(&text)
}

async fn open(arguments: &Arguments) -> Result<String, Box<dyn Error>> {
    let db = &arguments.db;
    if db.starts_with("postgres://") || db.starts_with("postgresql://") {
        #[cfg(feature = "postgres")]
        {
            let storage = pocketflow_checkpoint::Postgres::connect(db).await?;
            let backup = async |_: &Path| {
                Err("a PostgreSQL database is backed up with its own program: \
                     pg_dump --schema=pocketflow --format=custom --file=FILE ADDRESS"
                    .into())
            };
            return run(storage, arguments, backup).await;
        }
        #[cfg(not(feature = "postgres"))]
        return Err(
            "this program was built without PostgreSQL: install it with `--features cli,postgres`"
                .into(),
        );
    }
    let storage = Sqlite::options().create(false).open(db).await?;
    let backup = async |file: &Path| Ok(storage.backup(file).await?);
    let text = run(storage.clone(), arguments, backup).await;
    // The last process to close the file writes the log into it.
    storage.close().await;
    text
}

async fn known<T>(
    run: &str,
    found: impl Future<Output = Result<Option<T>, StorageError>>,
) -> Result<T, StorageError> {
    found.await?.ok_or_else(|| StorageError::UnknownRun {
        run: run.to_owned(),
    })
}

async fn run(
    storage: impl Storage,
    arguments: &Arguments,
    backup: impl AsyncFn(&Path) -> Result<(), Box<dyn Error>>,
) -> Result<String, Box<dyn Error>> {
    let json = arguments.json;
    let done =
        |text: String, value: serde_json::Value| if json { print::line(&value) } else { text };
    Ok(match &arguments.command {
        Command::List { status } => {
            let runs = storage.list(*status).await?;
            if json {
                print::line(&runs)
            } else {
                print::list(&runs)
            }
        }
        Command::Show { run } => {
            let record = known(run, storage.show(run)).await?;
            if json {
                print::record_json(&record)?
            } else {
                print::record(&record)
            }
        }
        Command::History { run } => {
            let steps = storage.history(run).await?;
            if json {
                print::line(&steps)
            } else {
                print::history(&steps)
            }
        }
        Command::State { run, step: None } => known(run, storage.show(run)).await?.state + "\n",
        Command::State {
            run,
            step: Some(step),
        } => {
            // The run first, so that the error says which of the two is missing.
            storage.history(run).await?;
            let kept = storage.checkpoint(run, *step).await?;
            kept.ok_or_else(|| StorageError::NoCheckpoint {
                run: run.clone(),
                step: *step,
            })?
            .state
                + "\n"
        }
        Command::Fill { run, wait, value } => {
            let text = match serde_json::from_str::<serde::de::IgnoredAny>(value) {
                Ok(_) => value.clone(),
                Err(_) => serde_json::Value::from(value.as_str()).to_string(),
            };
            storage.fill(run, wait, &text).await?;
            // Otherwise the type of the value would become known only when the run resumes.
            let kind = if serde_json::from_str::<serde_json::Number>(&text).is_ok() {
                "the number "
            } else {
                ""
            };
            let said = format!("filled `{wait}` of run `{run}` with {kind}{text}");
            done(
                print::plain(&said) + "\n",
                serde_json::json!({ "run": run, "wait": wait }),
            )
        }
        Command::Retry { run } => {
            storage.retry(run).await?;
            let said = format!("run `{run}` resumes when its program begins it again");
            done(
                print::plain(&said) + "\n",
                serde_json::json!({ "run": run }),
            )
        }
        Command::Backup { file } => {
            backup(file).await?;
            let said = format!("all runs are in {}", file.display());
            done(
                print::plain(&said) + "\n",
                serde_json::json!({ "file": file }),
            )
        }
        Command::Fork { run, step, new } => {
            storage.fork(run, *step, new).await?;
            let said = format!("run `{new}` continues after step {step} of run `{run}`");
            done(
                print::plain(&said) + "\n",
                serde_json::json!({ "run": new, "step": step }),
            )
        }
        Command::DropItems { run } => {
            let dropped = storage.drop_items(run).await?;
            let items = if dropped == 1 { "item" } else { "items" };
            let said = format!("removed {dropped} stored {items} of run `{run}`");
            done(
                print::plain(&said) + "\n",
                serde_json::json!({ "run": run, "dropped": dropped }),
            )
        }
        Command::Remove { run } => {
            storage.remove(run).await?;
            done(
                print::plain(&format!("removed run `{run}`")) + "\n",
                serde_json::json!({ "run": run }),
            )
        }
        Command::Prune { older_than } => {
            let before = SystemTime::now()
                .checked_sub(*older_than)
                .unwrap_or(SystemTime::UNIX_EPOCH);
            let removed = storage.prune(before).await?;
            let runs = if removed == 1 { "run" } else { "runs" };
            done(
                format!("removed {removed} {runs}\n"),
                serde_json::json!({ "removed": removed }),
            )
        }
    })
}
