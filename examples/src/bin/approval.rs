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
use pocketflow::{Action, Shared, flow, node};
use pocketflow_checkpoint::Checkpoints;
use pocketflow_examples::approval::{self, Case, Text};
use pocketflow_examples::cli;
use pocketflow_examples::llm::{Llm, Message, Model};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// What a run works with. It is not stored: the process that resumes a run gives it anew.
struct Services {
    llm: Arc<dyn Llm>,
    /// Puts a text on the page.
    post: Box<dyn Fn(&str) + Send + Sync>,
}

/// The store, which is saved after each step. The web page fills `decision` when a person has
/// decided.
#[derive(Shared, Default, Serialize, Deserialize)]
#[shared(context = Services)]
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
async fn write(
    brief: &str,
    text: Option<&Text>,
    remark: Option<&str>,
    #[context] llm: &dyn Llm,
) -> Result<Text> {
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
        text: llm.call(&messages).await?,
    })
}

#[node(Draft)]
fn decide(decision: &Decision) -> Decision {
    decision.clone()
}

#[node(Draft)]
fn publish(text: &Text, #[context] post: &(dyn Fn(&str) + Sync)) {
    post(&text.text);
}

flow! {
    /// Writes a text until a person approves it, at most four times.
    pub Approval: Draft {
        write >> await(decision) >> decide;
        decide - "approved" >> publish;
        decide - "rejected" >> write max 3 else end "given_up";
    }
}

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
    approval::serve::<Decision, _>(listener, runs.clone(), move |case| {
        approve(llm.clone(), runs.clone(), case)
    })
    .await?;
    println!("stopped");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use pocketflow::Stub;
    use pocketflow_examples::fake::Fake;
    use pocketflow_examples::llm::Role;

    use super::*;

    /// Runs the flow with a model that numbers its texts, and with a person who rejects the first
    /// ones. Returns the exit, the texts that are published, and the model.
    async fn run(rejected: usize) -> (ApprovalExit, Vec<String>, Fake) {
        let llm = Fake::new(|_, before| Ok(format!("Text {}.", before + 1)));
        let published = Arc::new(Mutex::new(Vec::new()));
        let page = published.clone();
        let services = Services {
            llm: Arc::new(llm.clone()),
            post: Box::new(move |text| page.lock().unwrap().push(text.to_owned())),
        };
        let person = Stub::new().fill("decision", move |draft: &mut Draft| {
            let version = draft.text.as_ref().map_or(0, |text| text.version);
            draft.decision = Some(if version <= rejected {
                let remark = format!("remark {version}");
                Decision::Rejected { remark }
            } else {
                Decision::Approved
            });
        });
        let mut draft = Draft {
            brief: "Rain".into(),
            ..Default::default()
        };
        let approval = Approval.context(&services).with(&person);
        let exit = approval.run(&mut draft).await.unwrap();
        let published = published.lock().unwrap().clone();
        (exit, published, llm)
    }

    #[tokio::test]
    async fn what_is_approved_is_published() {
        let (exit, published, _) = run(0).await;
        assert_eq!(exit, ApprovalExit::Default);
        assert_eq!(published, ["Text 1."]);
    }

    #[tokio::test]
    async fn what_is_rejected_is_written_again_with_the_remark() {
        let (exit, published, llm) = run(1).await;
        assert_eq!(exit, ApprovalExit::Default);
        assert_eq!(published, ["Text 2."]);
        let calls = llm.calls();
        let [first, second] = &calls[..] else {
            panic!("{calls:?}")
        };
        assert_eq!(first.messages[1..], [Message::user("Rain")]);
        assert_eq!(second.messages[0].role, Role::System);
        assert_eq!(
            second.messages[1..],
            [
                Message::user("Rain"),
                Message::assistant("Text 1."),
                Message::user("An editor has rejected this: remark 1\nWrite the text again."),
            ]
        );
    }

    #[tokio::test]
    async fn after_four_rejections_it_is_given_up() {
        let (exit, published, llm) = run(4).await;
        assert_eq!(exit, ApprovalExit::GivenUp);
        assert!(published.is_empty());
        assert_eq!(llm.calls().len(), 4);
    }
}
