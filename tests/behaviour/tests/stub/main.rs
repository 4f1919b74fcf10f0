//! `Stub`: fakes for the nodes of a flow, in tests.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use pocketflow::{
    Action, Attempt, Error, Failed, Failure, Limit, NoStub, Shared, Stage, StepLimit,
    StepsExceeded, Stub, TimedOut, Trace, Waits, flow, node,
};
use tokio::time::Instant;

#[derive(Shared, Default, Debug, PartialEq)]
struct Desk {
    topic: String,
    titles: Vec<String>,
    rounds: u32,
    notes: Option<String>,
    drafts: Option<Vec<String>>,
    facts: Option<String>,
    figures: Option<String>,
    approval: Option<bool>,
    answer: Option<String>,
}

/// A type of this module alone, which a node returns.
#[derive(Debug, PartialEq)]
struct Secret(u32);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Api {
    Busy,
    Denied,
}

impl std::fmt::Display for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the api is {self:?}")
    }
}

impl std::error::Error for Api {}

fn is_busy(error: &Api) -> bool {
    matches!(error, Api::Busy)
}

fn report_is_busy(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Api::Busy))
}

const UNREACHABLE: &str = "a test does not call this";

#[node(Desk, writes = answer, attempts = 3, wait = "10s", timeout = "5s")]
async fn answer(topic: &str, #[attempt] _attempt: Attempt<'_>) -> anyhow::Result<String> {
    unreachable!("{UNREACHABLE}: {topic}")
}

#[node(Desk, writes = answer, attempts = 5, wait = "1s", retry_if = is_busy)]
async fn ask(topic: &str) -> Result<String, Api> {
    unreachable!("{UNREACHABLE}: {topic}")
}

#[node(Desk, writes = answer, attempts = 5, wait = "1s", retry_if = report_is_busy)]
async fn ask_reported(topic: &str) -> anyhow::Result<String> {
    unreachable!("{UNREACHABLE}: {topic}")
}

#[node(Desk, writes = answer, attempts = 2, fallback = from_memory)]
async fn ask_or_remember(topic: &str) -> io::Result<String> {
    unreachable!("{UNREACHABLE}: {topic}")
}

fn from_memory(reads: &pocketflow::Reads<'_, ask_or_remember>, error: Error) -> io::Result<String> {
    Ok(format!(
        "{} from memory, since {}",
        reads.topic,
        error.cause()
    ))
}

#[node(Desk, writes = drafts, parallel = 4, attempts = 2)]
async fn draft(#[each(titles)] title: &str, topic: &str) -> anyhow::Result<String> {
    unreachable!("{UNREACHABLE}: {title} {topic}")
}

struct WebSearch {
    engine: &'static str,
}

#[node(Desk, attempts = 2, writes(notes))]
impl WebSearch {
    fn prep(&self, topic: &str) -> String {
        format!("{topic} at {}", self.engine)
    }

    async fn exec(&self, prep: &String, rounds: &u32) -> anyhow::Result<Secret> {
        unreachable!("{UNREACHABLE}: {prep} {rounds}")
    }

    async fn fallback(&self, prep: &String, error: Error) -> Secret {
        assert_eq!(prep, "rain at a test");
        assert_eq!(error.cause().to_string(), "offline");
        Secret(0)
    }

    fn post(&self, exec: Secret, notes: &mut Option<String>) {
        *notes = Some(format!("{exec:?}"));
    }
}

#[node(Desk, writes = facts)]
async fn facts() -> String {
    unreachable!("{UNREACHABLE}")
}

#[node(Desk, writes = figures)]
async fn figures() -> String {
    "real figures".into()
}

#[node(Desk, writes = rounds)]
fn count(rounds: &u32) -> u32 {
    rounds + 1
}

#[derive(Action, Debug)]
enum Turn {
    Again,
    Enough,
}

#[node(Desk)]
async fn decide(rounds: &u32) -> anyhow::Result<Turn> {
    unreachable!("{UNREACHABLE}: {rounds}")
}

#[node(Desk)]
fn publish(approval: &bool) {
    assert!(approval);
}

flow! { Answer { answer; } }
flow! { Ask { ask; } }
flow! { AskReported { ask_reported; } }
flow! { Remember { ask_or_remember; } }
flow! { Draft { draft; } }
flow! { Search { search: WebSearch; search; } }
flow! { Gather { count >> (facts, figures, draft); } }
flow! {
    Loop {
        decide - "again" >> count >> decide;
        decide - "enough" >> end;
    }
}
flow! { Approved { count >> await(approval) >> publish; } }
flow! { Outer { count >> Answer >> again; again: count; } }

fn desk() -> Desk {
    Desk {
        topic: "rain".into(),
        titles: ["causes", "effects"].map(String::from).to_vec(),
        ..Desk::default()
    }
}

fn search() -> Search {
    Search {
        search: WebSearch { engine: "a test" },
    }
}

/// The program of the documentation, word for word.
#[allow(unused_variables)]
mod program;

mod attempts;

mod batches;

mod strict;

mod places;

mod drivers;

#[tokio::test]
async fn the_last_stub_of_a_node_counts() -> Result<(), Error> {
    let stub = Stub::new()
        .node::<answer>(|_, _| Ok("first".into()))
        .node::<answer>(|_, _| Ok("second".into()));
    let mut desk = desk();
    Answer.with(&stub).run(&mut desk).await?;
    assert_eq!(desk.answer.as_deref(), Some("second"));
    Ok(())
}

#[tokio::test]
async fn a_value_of_a_private_type_is_replaced() -> Result<(), Error> {
    let stub = Stub::strict().node::<WebSearch>(|reads, _| Ok(Secret(*reads.rounds + 7)));
    let mut desk = desk();
    search().with(&stub).run(&mut desk).await?;
    assert_eq!(desk.notes.as_deref(), Some("Secret(7)"));
    Ok(())
}

mod elsewhere;

#[tokio::test]
async fn a_private_node_is_replaced() {
    assert_eq!(elsewhere::stubbed().await, 1);
}

#[test]
fn an_attempt_can_be_one_after_a_failure() {
    let failure = Failure::new(Api::Busy);
    let attempt = Attempt::after(&failure);
    assert_eq!((attempt.number(), attempt.of()), (2, 2));
    assert!(attempt.is_last());
    let error = attempt.last_error().unwrap();
    assert_eq!(error.to_string(), "the api is Busy");
    assert_eq!(error.downcast_ref(), Some(&Api::Busy));
    assert!(attempt.key().is_none());
}

mod steps;

#[tokio::test]
async fn nodes_of_another_module_are_replaced() -> Result<(), Error> {
    use steps::{Page, add, measure};

    let stub = Stub::strict()
        .each::<measure>(|_, word, _| Ok(word.len() * 10))
        .node::<add>(|reads, _| Ok(reads.lengths.iter().sum::<usize>() + 1));
    let mut page = Page {
        words: vec!["one".into(), "three".into()],
        ..Page::default()
    };
    flow! { measure >> add; }.with(&stub).run(&mut page).await?;
    assert_eq!(page.sum, Some(81));
    assert_eq!((stub.calls::<measure>(), stub.attempts::<add>()), (2, 1));
    Ok(())
}
