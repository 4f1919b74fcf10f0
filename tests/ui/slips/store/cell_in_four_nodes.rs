use std::cell::Cell;

use pocketflow::{Action, Shared, flow, node};

#[derive(Shared, Default)]
struct Research {
    question: String,
    notes: String,
    calls: Cell<u32>,
    search_query: Option<String>,
    answer: Option<String>,
}

#[derive(Action)]
#[action(Research)]
enum Decision {
    Search { search_query: String },
    Answer,
}

#[node(Research)]
fn decide(question: &str, notes: &str) -> Decision {
    if notes.is_empty() { Decision::Search { search_query: question.into() } } else { Decision::Answer }
}

#[node(Research, appends = notes)]
async fn search(search_query: &str) -> anyhow::Result<String> {
    Ok(format!("about {search_query}"))
}

#[node(Research, writes = answer)]
async fn answer(question: &str, notes: &str) -> anyhow::Result<String> {
    Ok(format!("{question}: {notes}"))
}

#[node(Research)]
fn print(answer: &str) {
    println!("{answer}");
}

flow! {
    pub Agent {
        decide - "search" >> search max 5 else answer;
        search >> decide;
        decide - "answer" >> answer >> print;
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut research = Research { question: "Why?".into(), ..Default::default() };
    Agent.run(&mut research).await?;
    Agent.run(&mut research).await?;
    Ok(())
}
