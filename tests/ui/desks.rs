//! Stores that hold stores, and flows that run on them.
#![allow(dead_code)]

use std::collections::BTreeSet;

use pocketflow::{Action, Shared, flow, node};

#[derive(Shared, Default)]
pub struct Document {
    pub path: String,
    pub text: Option<String>,
}

#[derive(Shared, Default)]
pub struct Desk {
    pub topic: String,
    pub finding: Option<String>,
}

#[derive(Shared, Default)]
pub struct Library {
    pub folder: String,
    pub names: BTreeSet<String>,
    pub documents: Vec<Document>,
    pub late: Option<Vec<Document>>,
    pub facts: Desk,
    pub figures: Desk,
    pub digest: Option<String>,
    drafts: Desk,
}

#[node(Document, writes = text)]
pub fn read(path: &str) -> std::io::Result<String> {
    Ok(path.into())
}

flow! {
    pub Read: Document {
        read;
    }
}

#[derive(Action)]
pub enum Outcome {
    Found,
    Missing,
}

#[node(Desk)]
pub fn search(topic: &str) -> Outcome {
    if topic.is_empty() { Outcome::Missing } else { Outcome::Found }
}

#[node(Desk, writes = finding)]
pub fn conclude(topic: &str) -> String {
    topic.into()
}

flow! {
    pub Investigate: Desk {
        conclude;
    }
}

flow! {
    pub Find: Desk {
        search - "found" >> conclude;
        search - "missing" >> end "nothing";
    }
}

#[node(Library)]
pub fn list(folder: &str) {
    println!("{folder}");
}

#[node(Library, writes = digest)]
pub fn combine(facts: &Desk, figures: &Desk) -> String {
    format!("{} {}", facts.topic, figures.topic)
}
