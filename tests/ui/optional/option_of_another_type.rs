use pocketflow::{Shared, node};

#[derive(Shared, Default)]
struct Assistant {
    question: String,
    found: Option<Vec<String>>,
}

#[node(Assistant, writes = found)]
fn late(question: &str) -> Option<String> {
    Some(question.into())
}

#[node(Assistant, writes = question)]
fn plain(question: &str) -> Option<String> {
    Some(question.into())
}

fn main() {}
