//! Flows on fields: sub-agents, some of which wait for an answer.

use pocketflow::{Action, Attempt, Failed, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::work;

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Desk {
    topic: String,
    notes: Vec<String>,
    finding: Option<String>,
}

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Document {
    title: String,
    parts: Vec<String>,
    texts: Option<Vec<String>>,
    approval: Option<String>,
    summary: Option<String>,
}

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Library {
    facts: Desk,
    figures: Desk,
    desks: Vec<Desk>,
    documents: Vec<Document>,
    problems: Vec<Failed>,
    report: Option<String>,
}

#[node(Desk, appends = notes)]
async fn search(topic: &str, #[attempt] attempt: Attempt<'_>) -> [String; 1] {
    work("search", attempt).await;
    [topic.to_owned()]
}

#[derive(Action, Serialize, Deserialize)]
enum Search {
    More,
    Enough,
}

#[node(Desk)]
fn judge(notes: &[String], topic: &str) -> Search {
    if notes.len() < topic.len() {
        Search::More
    } else {
        Search::Enough
    }
}

#[node(Desk, writes = finding)]
async fn conclude(notes: &[String], #[attempt] attempt: Attempt<'_>) -> String {
    work("conclude", attempt).await;
    notes.join(" ")
}

flow! {
    Investigate: Desk {
        search >> judge;
        judge - "more" >> search;
        judge - "enough" >> conclude;
    }
}

#[node(Document, writes = texts, parallel = 2)]
async fn write(#[each(parts)] part: &str, #[attempt] attempt: Attempt<'_>) -> String {
    work("write", attempt).await;
    format!("about {part}")
}

#[node(Document, writes = summary)]
async fn publish(
    title: &str,
    texts: &[String],
    approval: &str,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, String> {
    work("publish", attempt).await;
    match title {
        "document 1" => Err("it cannot be published".into()),
        _ => Ok(format!("{}, approved by {approval}", texts.join(", "))),
    }
}

flow! { Approve: Document { write >> await(approval) >> publish; } }

#[node(Library, writes = report)]
async fn summarize(
    desks: &[Desk],
    facts: &Desk,
    figures: &Desk,
    documents: &[Document],
    #[attempt] attempt: Attempt<'_>,
) -> String {
    work("summarize", attempt).await;
    let desks = desks.iter().chain([facts, figures]);
    let findings: Vec<_> = desks.flat_map(|desk| desk.finding.as_deref()).collect();
    let summaries = documents.iter().flat_map(|document| &document.summary);
    format!("{} | {}", findings.join("; "), summaries.count())
}

flow! {
    /// Desks in a list, desks side by side, and documents that wait for an answer.
    pub(crate) Agents: Library {
        Investigate.each(desks, parallel = 2)
            >> (Investigate.on(facts), Investigate.on(figures))
            >> Approve.each(documents, parallel = 3, failures = problems)
            >> summarize;
    }
}
