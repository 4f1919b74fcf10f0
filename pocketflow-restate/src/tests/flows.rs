//! Flows with everything that a run can be at.

use std::collections::BTreeMap;

use pocketflow::{Action, Attempt, Failed, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::server::work;

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Student {
    name: String,
    essays: Vec<String>,
    grade: Option<u32>,
}

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Class {
    students: Vec<Student>,
    best: Option<String>,
}

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Desk {
    topic: String,
    notes: Vec<String>,
    finding: Option<String>,
}

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Document {
    title: String,
    parts: Vec<String>,
    texts: Option<Vec<String>>,
    approval: Option<String>,
    summary: Option<String>,
}

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct School {
    classes: BTreeMap<String, Class>,
    facts: Desk,
    figures: Desk,
    documents: Vec<Document>,
    problems: Vec<Failed>,
    rounds: u32,
    left: Option<String>,
    right: Option<Vec<String>>,
    report: Option<String>,
    /// It makes the store large.
    archive: String,
}

#[node(Student, appends = essays)]
async fn write(name: &str, essays: &[String], #[attempt] attempt: Attempt<'_>) -> Vec<String> {
    work(attempt).await;
    vec![format!("{name}'s essay {}", essays.len())]
}

#[node(Student, writes = grade)]
async fn grade(essays: &[String], #[attempt] attempt: Attempt<'_>) -> u32 {
    work(attempt).await;
    essays.iter().map(|essay| essay.len() as u32).sum()
}

flow! { Study { write >> grade; } }

#[node(Class, writes = best)]
async fn rank(students: &[Student], #[attempt] attempt: Attempt<'_>) -> String {
    work(attempt).await;
    let best = students.iter().max_by_key(|student| student.grade).unwrap();
    best.name.clone()
}

flow! { Teach: Class { Study.each(students, parallel = 2) >> rank; } }

#[node(Desk, appends = notes)]
async fn search(topic: &str, #[attempt] attempt: Attempt<'_>) -> Vec<String> {
    work(attempt).await;
    vec![topic.to_owned()]
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
    work(attempt).await;
    notes.join(" ")
}

flow! {
    Investigate {
        search >> judge;
        judge - "more" >> search;
        judge - "enough" >> conclude;
    }
}

#[node(Document, writes = texts, parallel = 2)]
async fn draft(#[each(parts)] part: &str, #[attempt] attempt: Attempt<'_>) -> String {
    work(attempt).await;
    format!("about {part}")
}

#[node(Document, writes = summary)]
async fn publish(
    title: &str,
    texts: &[String],
    approval: &str,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, String> {
    work(attempt).await;
    if title == "document 2" {
        return Err("it cannot be published".into());
    }
    Ok(format!("{}, approved by {approval}", texts.join(", ")))
}

flow! { Approve { draft >> await(approval) >> publish; } }

#[derive(Action, Serialize, Deserialize)]
enum Round {
    Again,
    Done,
}

#[node(School, writes = rounds)]
async fn count(rounds: &u32, #[attempt] attempt: Attempt<'_>) -> u32 {
    work(attempt).await;
    rounds + 1
}

#[node(School)]
fn enough(rounds: &u32) -> Round {
    if *rounds < 2 {
        Round::Again
    } else {
        Round::Done
    }
}

#[node(School, writes = left)]
async fn look_left(rounds: &u32, #[attempt] attempt: Attempt<'_>) -> String {
    work(attempt).await;
    format!("left after {rounds}")
}

#[node(School, writes = right, parallel = 3)]
async fn look_right(
    #[each(classes)] class: (&String, &Class),
    #[attempt] attempt: Attempt<'_>,
) -> String {
    work(attempt).await;
    format!("right of {}", class.0)
}

flow! { Look: School { count >> (look_left, look_right); } }

#[node(School, writes = report)]
async fn summarize(
    classes: &BTreeMap<String, Class>,
    documents: &[Document],
    left: &str,
    right: &[String],
    #[attempt] attempt: Attempt<'_>,
) -> String {
    work(attempt).await;
    let best: Vec<_> = classes.values().flat_map(|class| &class.best).collect();
    let summaries: Vec<_> = documents
        .iter()
        .flat_map(|document| &document.summary)
        .collect();
    format!("{best:?} {summaries:?} {left} {right:?}")
}

flow! {
    /// A loop, nested flows, a batch in a fork, a fork of flows, inner runs that wait, and failures that
    /// go to a field.
    pub(super) Year: School {
        Teach.each(classes, parallel = 2) >> (Investigate.on(facts), Investigate.on(figures)) >> Look >> enough;
        enough - "again" >> Teach.each(classes);
        enough - "done" >> Approve.each(documents, parallel = 3, failures = problems) >> summarize;
    }
}

/// The store of a run of `Year`.
pub(super) fn school() -> School {
    let student = |class: &str, number: usize| Student {
        name: format!("{class}{}", "x".repeat(number)),
        ..Default::default()
    };
    let class = |name: &'static str| {
        let students = (0..3).map(|number| student(name, number)).collect();
        let best = None;
        (name.to_owned(), Class { students, best })
    };
    let desk = |topic: &str| Desk {
        topic: topic.into(),
        ..Default::default()
    };
    let document = |number| Document {
        title: format!("document {number}"),
        parts: ["beginning", "end"].map(String::from).into(),
        ..Default::default()
    };
    School {
        classes: ["a", "b"].map(class).into(),
        facts: desk("why"),
        figures: desk("how much"),
        documents: (0..4).map(document).collect(),
        ..Default::default()
    }
}
