//! `pocketflow runs`: durable runs.

mod address;
mod commands;
mod print;
#[cfg(feature = "restate")]
mod restate;

use std::error::Error;
use std::path::Path;

use clap::{Args, Subcommand};
use pocketflow_checkpoint::{Sqlite, Storage};
use serde_json::Value;

pub(crate) use self::address::{Address, parse as parse_address, without_passwords};
use self::commands::{Change, Query};
use crate::output;

/// Lists, shows, fills, cancels, mends, backs up and removes durable runs of flows
#[derive(Args)]
pub(crate) struct Arguments {
    /// The database: an existing SQLite file, postgres://user:password@host/database?schema=shop, or
    /// settings such as "host=/run/postgresql dbname=runs schema=shop"
    #[arg(long, global = true, default_value = "runs.db")]
    db: String,
    /// Instead of a database, the administration of a Restate server: http://127.0.0.1:9070. If the
    /// server wants a token, set the environment variable RESTATE_AUTH_TOKEN
    #[arg(long, global = true, value_name = "URL")]
    restate: Option<String>,
    /// Where the Restate server takes requests, if it is not the address that the server names:
    /// http://127.0.0.1:8080
    #[arg(long, global = true, value_name = "URL")]
    ingress: Option<String>,
    /// On a Restate server, only runs of this flow. It is needed if several flows have a run of the
    /// same id
    #[arg(long, global = true)]
    flow: Option<String>,
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

/// What the command prints.
pub(crate) fn printed(arguments: &Arguments, json: bool) -> Result<String, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(open(arguments, json))
}

async fn open(arguments: &Arguments, json: bool) -> Result<String, Box<dyn Error>> {
    if let Some(admin) = &arguments.restate {
        return restate(admin, arguments, json).await;
    }
    if let Some((option, _)) = [
        ("--ingress", &arguments.ingress),
        ("--flow", &arguments.flow),
    ]
    .into_iter()
    .find(|(_, given)| given.is_some())
    {
        return Err(format!("`{option}` is for runs on Restate: it needs `--restate URL`").into());
    }
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
            return run(storage, &arguments.command, json, backup).await;
        }
        #[cfg(not(feature = "postgres"))]
        Address::Postgres(_) => {
            return Err(
                "this program was built without PostgreSQL: install it with its default features, \
                 or with `--features postgres`"
                    .into(),
            );
        }
    };
    let options = Sqlite::options().create(false).read_only(reads);
    let storage = options.open(file).await?;
    let backup = async |file: &Path| Ok(storage.backup(file).await?);
    let text = run(storage.clone(), &arguments.command, json, backup).await;
    // The last process to close the file writes the log into it.
    storage.close().await;
    text
}

#[cfg(feature = "restate")]
async fn restate(admin: &str, arguments: &Arguments, json: bool) -> Result<String, Box<dyn Error>> {
    let (ingress, flow) = (arguments.ingress.as_deref(), arguments.flow.as_deref());
    let server = restate::Server::new(admin, ingress, flow)?;
    let text = match &arguments.command {
        Command::Query(query) => server.query(query, json).await,
        Command::Change(change) => {
            let change = server.change(change).await;
            change.map(|change| changed(change, json))
        }
    };
    text.map_err(|error| server.explain(error))
}

#[cfg(not(feature = "restate"))]
async fn restate(_: &str, _: &Arguments, _: bool) -> Result<String, Box<dyn Error>> {
    Err(
        "this program was built without Restate: install it with its default features, or with \
         `--features restate`"
            .into(),
    )
}

async fn run(
    storage: impl Storage,
    command: &Command,
    json: bool,
    backup: impl AsyncFn(&Path) -> Result<(), Box<dyn Error>>,
) -> Result<String, Box<dyn Error>> {
    match command {
        Command::Query(query) => commands::query(&storage, query, json).await,
        Command::Change(change) => Ok(changed(
            commands::change(&storage, change, backup).await?,
            json,
        )),
    }
}

/// What has changed, as text or as JSON.
fn changed((text, value): (String, Value), json: bool) -> String {
    if json {
        output::line(&value)
    } else {
        output::plain(&text) + "\n"
    }
}
