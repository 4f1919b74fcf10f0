//! A person in the loop, and flows inside a web service: a text is drafted, and published when somebody has approved it.
//!
//! ```text
//! cargo run --bin approval
//! ```
//!
//! Then open the page that it names. `--port 3000` is the default, and `--port 0` takes a free one. Ctrl-C ends it.

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use clap::Parser;
use pocketflow::{Action, Shared, flow, node};
use pocketflow_examples::approval::{self, Case};
use pocketflow_examples::cli;
use pocketflow_examples::llm::{self, Message, call_llm};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

#[derive(Shared, Default)]
struct Draft {
    brief: String,
    text: Option<String>,
    remark: Option<String>,
}

/// What a person decides. This is what the page sends, and it is the action that the flow takes.
#[derive(Action, Serialize, Deserialize, Clone)]
#[action(Draft)]
#[serde(tag = "decision", rename_all = "snake_case")]
enum Decision {
    Approved,
    Rejected { remark: String },
}

/// Writes the text, or writes it again: then the model sees what it wrote, and what was wrong with it.
#[node(Draft, writes = text, attempts = 3, wait = "500ms", backoff = 2.0)]
async fn write(brief: &str, text: Option<&str>, remark: Option<&str>) -> Result<String> {
    let mut messages = vec![
        Message::system("You write short texts, ready to be published. Reply with the text alone."),
        Message::user(brief),
    ];
    if let (Some(text), Some(remark)) = (text, remark) {
        let again = format!("An editor has rejected this: {remark}\nWrite the text again.");
        messages.extend([Message::assistant(text), Message::user(again)]);
    }
    call_llm(&messages).await
}

/// Waits until somebody has decided, however long that takes: a task that waits costs next to nothing.
struct AskPerson {
    case: Case<Decision>,
}

#[node(Draft)]
impl AskPerson {
    async fn exec(&self, text: &str) -> Result<Decision> {
        self.case.ask(text).await
    }
}

struct Publish {
    case: Case<Decision>,
}

#[node(Draft)]
impl Publish {
    fn exec(&self, text: &str) {
        self.case.publish(text);
    }
}

flow! {
    /// Writes a text until a person approves it, four times at most.
    pub Approval {
        ask: AskPerson;
        publish: Publish;
        write >> ask;
        ask - "approved" >> publish;
        ask - "rejected" >> write max 3 else end "given_up";
    }
}

/// One run, in a task of its own. As a driver, the case writes down its steps, and how it ends.
async fn approve(case: Case<Decision>, brief: String) {
    let [ask, publish] = [case.clone(), case.clone()];
    let approval = Approval { ask: AskPerson { case: ask }, publish: Publish { case: publish } };
    let mut draft = Draft { brief, ..Default::default() };
    // An error is on the page, and ends this run alone.
    let _ = approval.with(case).run(&mut draft).await;
}

/// Serves a page where texts are asked for, read, and approved or rejected.
#[derive(Parser)]
struct Args {
    /// The port of the page; 0 takes a free one
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

#[tokio::main]
async fn main() -> cli::Result<()> {
    let args: Args = cli::arguments(Approval::GRAPH);
    llm::configured()?;

    let address = (Ipv4Addr::LOCALHOST, args.port);
    let listener = TcpListener::bind(address).await.with_context(|| format!("port {}", args.port))?;
    println!("http://{}", listener.local_addr()?);
    approval::serve(listener, approve).await?;
    println!("stopped");
    Ok(())
}
