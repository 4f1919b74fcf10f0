//! A human in the loop, with durable runs in a web service: the model drafts a text, and a person
//! approves it before it is published.
//!
//! ```text
//! cargo run --bin approval
//! ```
//!
//! Then open the page that it prints. The default is `--port 3000`, and `--port 0` uses a free
//! port. You can stop the program with Ctrl-C or `kill -9`: the runs are stored in a file, `--db
//! FILE`, and continue when you start the program again.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use pocketflow_checkpoint::Checkpoints;
use pocketflow_examples::approval::flow::{Approval, Draft, Services};
use pocketflow_examples::approval::{self, Case, InFile};
use pocketflow_examples::cli;
use pocketflow_examples::llm::{Llm, Model};
use tokio::net::TcpListener;

/// Drives a run from its current position until it ends or waits for a decision. While it waits, it
/// is only in the file, however long that takes. The case is inside the durable run and records the
/// steps that the page shows.
async fn approve(
    llm: Arc<dyn Llm>,
    runs: Checkpoints,
    case: Case,
) -> Result<(), pocketflow::Error> {
    let page = case.clone();
    let services = Services {
        llm,
        post: Box::new(move |text| page.publish(text)),
    };
    let mut draft = Draft {
        brief: case.brief.clone(),
        ..Default::default()
    };
    let run = runs.run(case.run_id()).park();
    Approval
        .context(&services)
        .with(run)
        .with(case)
        .run(&mut draft)
        .await
        .map(drop)
}

/// Serves a page on which people ask for texts, read them, and approve or reject them.
#[derive(Parser)]
struct Args {
    /// The port of the page; 0 uses a free one
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// The file for the drafts, for one server at a time [default: target/approval.db in the
    /// repository]
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> cli::Result<()> {
    let args: Args = cli::arguments(Approval::GRAPH);
    let llm = Arc::new(Model::from_environment()?);

    let db = args
        .db
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/approval.db"));
    fs::create_dir_all(db.parent().unwrap_or(Path::new("")))?;
    // If this process is killed, the next one must wait this long before it may resume a step that
    // was running.
    let runs = Checkpoints::open(&db).await?.lease(Duration::from_secs(2));

    let address = (Ipv4Addr::LOCALHOST, args.port);
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("port {}", args.port))?;
    println!("http://{}", listener.local_addr()?);
    let runs = InFile::new(runs.clone(), move |case| {
        approve(llm.clone(), runs.clone(), case)
    });
    approval::serve(listener, runs).await?;
    println!("stopped");
    Ok(())
}
