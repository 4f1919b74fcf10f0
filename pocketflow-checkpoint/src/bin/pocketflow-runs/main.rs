//! `pocketflow-runs`: durable runs from the terminal.

mod address;
mod commands;
mod print;

use std::error::Error;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use address::Address;
use clap::{Parser, Subcommand};
use commands::{Change, Query};
use pocketflow_checkpoint::{Sqlite, Storage};

/// Lists, shows, fills, cancels, mends, backs up and removes durable runs of flows.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    /// The database: an existing SQLite file, postgres://user:password@host/database?schema=shop, or
    /// settings such as "host=/run/postgresql dbname=runs schema=shop"
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
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => {
            eprint!("{}", address::without_passwords(&error.to_string()));
            return ExitCode::from(2);
        }
    };
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
    // A query creates and upgrades nothing, and needs no right to write.
    let reads = matches!(arguments.command, Command::Query(_));
    let file = match address::parse(&arguments.db)? {
        Address::File(file) => file,
        #[cfg(feature = "postgres")]
        Address::Postgres(address) => {
            let options = pocketflow_checkpoint::Postgres::options().create(!reads);
            let storage = options.connect(address).await?;
            let backup = async |_: &Path| {
                Err("a PostgreSQL database is backed up with its own program: \
                     pg_dump --schema=SCHEMA --format=custom --file=FILE ADDRESS"
                    .into())
            };
            return run(storage, arguments, backup).await;
        }
        #[cfg(not(feature = "postgres"))]
        Address::Postgres(_) => {
            return Err(
                "this program was built without PostgreSQL: install it with `--features cli,postgres`"
                    .into(),
            );
        }
    };
    let options = Sqlite::options().create(false).read_only(reads);
    let storage = options.open(file).await?;
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
