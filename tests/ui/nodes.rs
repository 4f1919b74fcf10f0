//! Stores and nodes that the programs of this folder share.
#![allow(dead_code)]

use pocketflow::{Action, Shared, node};

#[derive(Shared, Default, Debug)]
pub struct Order {
    pub total_cents: u64,
    pub receipt: Option<String>,
    pub reason: Option<String>,
}

#[derive(Action)]
#[action(Order)]
pub enum Verdict {
    Approved,
    Rejected { reason: String },
}

#[node(Order)]
pub fn review(total_cents: &u64) -> Verdict {
    if *total_cents <= 100_000 { Verdict::Approved } else { Verdict::Rejected { reason: "too much".into() } }
}

#[node(Order, writes = receipt)]
pub async fn pay(total_cents: &u64) -> String {
    format!("{total_cents} cents")
}

#[node(Order)]
pub fn refuse(reason: &str) {
    println!("{reason}");
}

#[node(Order)]
pub fn ship(receipt: &str) {
    println!("{receipt}");
}

#[derive(Shared, Default)]
pub struct Article {
    pub topic: String,
    pub section_titles: Option<Vec<String>>,
    pub section_drafts: Option<Vec<String>>,
    pub final_article: Option<String>,
}

#[node(Article, writes = section_titles)]
pub async fn outline(topic: &str) -> Vec<String> {
    vec![topic.into()]
}

#[node(Article, writes = section_drafts)]
pub async fn draft(section_titles: &[String]) -> Vec<String> {
    section_titles.to_vec()
}

#[node(Article, writes = final_article)]
pub async fn combine(section_drafts: &[String]) -> String {
    section_drafts.concat()
}

#[derive(Shared, Default)]
pub struct Research {
    pub question: String,
    pub search_query: Option<String>,
    pub sources: Option<Vec<String>>,
    pub answer: Option<String>,
}

#[derive(Action)]
#[action(Research)]
pub enum Decision {
    Search { search_query: String },
    Answer,
}

#[node(Research)]
pub fn decide(question: &str) -> Decision {
    if question.is_empty() { Decision::Answer } else { Decision::Search { search_query: question.into() } }
}

#[node(Research, writes = sources)]
pub fn search(search_query: &str) -> Vec<String> {
    vec![search_query.into()]
}

#[node(Research, writes = answer)]
pub fn answer(sources: &[String]) -> String {
    sources.concat()
}

#[node(Research, writes = answer)]
pub fn guess(question: &str) -> String {
    question.into()
}
