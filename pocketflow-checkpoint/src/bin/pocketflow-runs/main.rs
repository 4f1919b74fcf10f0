//! `pocketflow-runs`: durable runs from the terminal.

mod commands;
mod print;

use std::error::Error;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use commands::{Change, Query};
use pocketflow_checkpoint::{Sqlite, Storage};

/// Lists, shows, fills, forks, backs up and removes durable runs of flows.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    /// The database: an existing SQLite file, or postgres://user:password@host/database
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
    #[command(flatten)]
    Query(Query),
    #[command(flatten)]
    Change(Change),
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

async fn run(
    storage: impl Storage,
    arguments: &Arguments,
    backup: impl AsyncFn(&Path) -> Result<(), Box<dyn Error>>,
) -> Result<String, Box<dyn Error>> {
    match &arguments.command {
        Command::Query(query) => commands::query(&storage, query, arguments.json).await,
        Command::Change(change) => {
            let (text, json) = commands::change(&storage, change, backup).await?;
            Ok(if arguments.json {
                print::line(&json)
            } else {
                print::plain(&text) + "\n"
            })
        }
    }
}
