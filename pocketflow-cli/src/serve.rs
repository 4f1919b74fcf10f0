//! `pocketflow serve`: runs as they happen, in a browser.

use std::error::Error;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;
use pocketflow_checkpoint::{Checkpoints, Sqlite};
use pocketflow_serve::Server;

use crate::output;
use crate::runs::{Address, parse_address};

/// Shows runs in a browser as they happen, and answers and mends durable ones. The page is on this machine
/// alone, and only who has the printed address can open it
#[derive(Args)]
#[group(id = "sources", required = true, multiple = true, args = ["records", "db"])]
pub(crate) struct Arguments {
    /// A folder of records (*.jsonl), which may be in the middle of being written
    #[arg(long, value_name = "FOLDER")]
    records: Option<PathBuf>,
    /// A database of durable runs: an existing SQLite file,
    /// postgres://user:password@host/database?schema=shop, or settings such as
    /// "host=/run/postgresql dbname=runs schema=shop"
    #[arg(long, value_name = "ADDRESS")]
    db: Option<String>,
    /// The port on the loopback address; 0 for any free one
    #[arg(long, default_value_t = 4477)]
    port: u16,
    /// Show runs, and change none
    #[arg(long)]
    read_only: bool,
    /// Hide the values of a field of this name. Fields with `#[shared(redact)]` are hidden already
    #[arg(long, value_name = "FIELD")]
    redact: Vec<String>,
    /// Open the page in a browser
    #[arg(long)]
    open: bool,
}

/// Serves until Ctrl-C.
pub(crate) fn serve(arguments: &Arguments, json: bool) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(arguments, json))
}

async fn run(arguments: &Arguments, json: bool) -> Result<(), Box<dyn Error>> {
    let Arguments {
        records, read_only, ..
    } = arguments;
    let mut server = Server::new().read_only(*read_only);
    if let Some(folder) = records {
        if !folder.is_dir() {
            let folder = folder.display();
            return Err(format!(
                "the folder {folder} does not exist: name the folder that you pass to `Record::folder`"
            )
            .into());
        }
        server = server.records(folder);
    }
    for field in &arguments.redact {
        server = server.redact(field);
    }
    let mut file = None;
    match arguments.db.as_deref().map(parse_address).transpose()? {
        None => {}
        Some(Address::File(path)) => {
            let options = Sqlite::options().create(false).read_only(*read_only);
            let storage = options.open(path).await?;
            file = Some(storage.clone());
            server = server.database(Checkpoints::new(storage));
        }
        #[cfg(feature = "postgres")]
        Some(Address::Postgres(address)) => {
            let options = pocketflow_checkpoint::Postgres::options().create(false);
            let storage = options.connect(address).await?;
            server = server.database(Checkpoints::new(storage));
        }
        #[cfg(not(feature = "postgres"))]
        Some(Address::Postgres(_)) => {
            return Err(
                "this program was built without PostgreSQL: install it with its default features"
                    .into(),
            );
        }
    }
    let port = arguments.port;
    let server = server
        .bind(port)
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => {
                format!("port {port} is in use: choose another one with `--port`").into()
            }
            _ => Box::<dyn Error>::from(error),
        })?;
    let address = server.address();
    let line = match json {
        true => output::line(&serde_json::json!({ "address": address })),
        false => format!("{address}\n"),
    };
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()?;
    drop(out);
    if arguments.open {
        open(&address);
    }
    server
        .run_until(async {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        })
        .await?;
    if let Some(file) = file {
        // The last process to close the file writes the log into it.
        file.close().await;
    }
    Ok(())
}

/// Opens an address in a browser. If that fails, a person opens the printed one.
fn open(address: &str) {
    let (program, arguments): (_, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let mut browser = Command::new(program);
    browser.args(arguments).arg(address).stdin(Stdio::null());
    if let Err(error) = browser.stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        eprintln!("no browser could be opened: {error}");
    }
}
