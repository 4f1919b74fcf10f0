//! A fork: three researchers work at the same time, each in a different way, and then one writer.
//!
//! ```text
//! cargo run --bin report -- "the tides"
//! ```

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Parser;
use pocketflow::{Shared, flow, node};
use pocketflow_examples::cli;
use pocketflow_examples::llm::{self, Message, call_llm};
use pocketflow_examples::progress::Progress;
use pocketflow_examples::search::Library;

#[derive(Shared, Default)]
struct Report {
    topic: String,
    facts: Option<String>,
    uses: Option<String>,
    doubts: Option<String>,
    text: Option<String>,
}

/// Searches the texts for the topic.
struct Scholar {
    library: Library,
}

#[node(Report, writes = facts, attempts = 3, wait = "1s")]
impl Scholar {
    async fn exec(&self, topic: &str) -> Result<String> {
        let found = self.library.search(topic, None, 3)?;
        let found: String = found
            .iter()
            .map(|passage| format!("{}: {}\n", passage.title, passage.text))
            .collect();
        call_llm(&[Message::user(format!(
            "{found}\nSum up in three sentences what this says about {topic}."
        ))])
        .await
    }
}

/// Asks what the topic is useful for.
#[node(Report, writes = uses, attempts = 3, wait = "1s")]
async fn practitioner(topic: &str) -> Result<String> {
    call_llm(&[Message::user(format!(
        "What is the practical use of knowing about {topic}? Two sentences."
    ))])
    .await
}

/// Asks about a common mistake.
#[node(Report, writes = doubts, attempts = 3, wait = "1s")]
async fn sceptic(topic: &str) -> Result<String> {
    call_llm(&[Message::user(format!(
        "Name a common mistake about {topic}. Two sentences."
    ))])
    .await
}

/// Reads the fields of all three researchers. The compiler has checked that they are filled, and
/// that no two researchers write the same field.
#[node(Report, writes = text, attempts = 3, wait = "1s")]
async fn writer(topic: &str, facts: &str, uses: &str, doubts: &str) -> Result<String> {
    let prompt = format!(
        "Write a short report about {topic} from these notes.\n\nFacts: {facts}\n\nUses: {uses}\n\nDoubts: {doubts}"
    );
    call_llm(&[Message::user(prompt)]).await
}

flow! {
    /// Writes a report.
    pub WriteReport: Report {
        scholar: Scholar;
        (scholar, practitioner, sceptic) >> writer;
    }
}

/// Writes a report about a topic.
#[derive(Parser)]
struct Args {
    /// The topic
    topic: String,
    /// The folder with the texts, *.md and *.txt [default: examples/texts]
    #[arg(long, value_name = "FOLDER")]
    texts: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> cli::Result<()> {
    let args: Args = cli::arguments(WriteReport::GRAPH);
    llm::configured()?;
    let texts = args
        .texts
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("texts"));
    let scholar = Scholar {
        library: Library::open(&texts)?,
    };

    let mut report = Report {
        topic: args.topic,
        ..Default::default()
    };
    WriteReport { scholar }
        .with(Progress::new())
        .run(&mut report)
        .await?;
    println!("{}", report.text.unwrap_or_default());
    Ok(())
}
