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
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use pocketflow::{Action, Shared, flow, node};
use pocketflow_checkpoint::Checkpoints;
use pocketflow_examples::approval::{self, Case, Text};
use pocketflow_examples::cli;
use pocketflow_examples::llm::{self, Message, call_llm};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// The store, which is saved after each step. The web page fills `decision` when a person has
/// decided.
#[derive(Shared, Default, Serialize, Deserialize)]
struct Draft {
    brief: String,
    text: Option<Text>,
    decision: Option<Decision>,
    remark: Option<String>,
}

/// What a person decides. The page sends it, and it is the action that the flow takes.
#[derive(Action, Serialize, Deserialize, Clone)]
#[action(Draft)]
#[serde(tag = "decision", rename_all = "snake_case")]
enum Decision {
    Approved,
    Rejected { remark: String },
}

/// Writes the text. After a rejection, the model sees what it wrote and what was wrong with it.
#[node(Draft, writes = text, attempts = 3, wait = "500ms", backoff = 2.0)]
async fn write(brief: &str, text: Option<&Text>, remark: Option<&str>) -> Result<Text> {
    let mut messages = vec![
        Message::system("You write short texts, ready to be published. Reply with only the text."),
        Message::user(brief),
    ];
    if let (Some(Text { text, .. }), Some(remark)) = (text, remark) {
        let again = format!("An editor has rejected this: {remark}\nWrite the text again.");
        messages.extend([Message::assistant(text), Message::user(again)]);
    }
    let version = text.map_or(1, |text| text.version + 1);
    Ok(Text {
        version,
        text: call_llm(&messages).await?,
    })
}

#[node(Draft)]
fn decide(decision: &Decision) -> Decision {
    decision.clone()
}

struct Publish {
    case: Case,
}

#[node(Draft)]
impl Publish {
    fn exec(&self, text: &Text) {
        self.case.publish(&text.text);
    }
}

flow! {
    /// Writes a text until a person approves it, at most four times.
    pub Approval: Draft {
        publish: Publish;
        write >> await(decision) >> decide;
        decide - "approved" >> publish;
        decide - "rejected" >> write max 3 else end "given_up";
    }
}

/// Drives a run from its current position until it ends or waits for a decision. While it waits, it
/// is only in the file, however long that takes. The case is inside the durable run and records the
/// steps that the page shows.
async fn approve(runs: Checkpoints, case: Case) -> Result<(), pocketflow::Error> {
    let approval = Approval {
        publish: Publish { case: case.clone() },
    };
    let mut draft = Draft {
        brief: case.brief.clone(),
        ..Default::default()
    };
    let run = runs.run(case.run_id()).park();
    approval
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
    llm::configured()?;

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
    approval::serve::<Decision, _>(listener, runs.clone(), move |case| {
        approve(runs.clone(), case)
    })
    .await?;
    println!("stopped");
    Ok(())
}
