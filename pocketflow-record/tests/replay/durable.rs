//! Durable runs: the pieces of a run that has resumed are one run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use pocketflow::{Action, Shared, StepLimit, flow, node};
use pocketflow_checkpoint::Checkpoints;
use pocketflow_record::{Record, Replay, generate_test, replay};
use serde::{Deserialize, Serialize};

use super::{exec_runs, replayed};

#[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Document {
    title: String,
    draft: Option<String>,
    approval: Option<String>,
    rounds: u32,
}

#[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Library {
    titles: Vec<String>,
    documents: Vec<Document>,
    drafts: Option<Vec<String>>,
    approval: Option<String>,
    rounds: u32,
    log: String,
}

#[derive(Action, Serialize, Deserialize)]
#[action(Library)]
enum Next {
    Again { rounds: u32 },
    Over,
}

/// The items after the first two wait until the test lets them go on.
static OPEN: AtomicU32 = AtomicU32::new(0);

#[node(Library, writes = drafts, parallel = 2)]
async fn draft(#[each(titles)] title: &str, rounds: &u32) -> String {
    exec_runs();
    if title == "c" && OPEN.load(Relaxed) == 0 {
        std::future::pending::<()>().await;
    }
    format!("{title} {rounds}")
}

#[node(Library)]
async fn again(rounds: &u32) -> Next {
    exec_runs();
    match rounds {
        0..2 => Next::Again { rounds: rounds + 1 },
        _ => Next::Over,
    }
}

#[node(Library, appends = log)]
async fn note(approval: &str, rounds: &u32) -> String {
    exec_runs();
    format!("{approval} {rounds};")
}

flow! {
    Write: Library {
        draft >> await(approval) >> note >> again;
        again - "again" >> draft max 2 else end "tired";
        again - "over" >> end;
    }
}

fn library() -> Library {
    Library {
        titles: ["a", "b", "c"].map(str::to_owned).to_vec(),
        documents: ["x", "y"]
            .map(|title| Document {
                title: title.into(),
                ..Document::default()
            })
            .to_vec(),
        ..Library::default()
    }
}

#[tokio::test]
async fn the_pieces_of_a_run_are_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Checkpoints::open(folder.path().join("runs.db"))
        .await
        .unwrap();
    let mut pieces = Vec::new();
    let run = async |record: &Record| {
        let mut library = library();
        let durable = runs.run("library-7").park();
        let ended = Write.with(record).with(durable).run(&mut library).await;
        (library, ended)
    };

    // The process dies in the batch: two of three items are stored.
    let dies = Record::in_memory();
    let limit = std::time::Duration::from_millis(300);
    let died = tokio::time::timeout(limit, run(&dies)).await;
    assert!(died.is_err());
    pieces.push(dies.text());
    runs.release_lease("library-7").await.ok();
    OPEN.store(1, Relaxed);
    let mut end = None;
    for visit in 1..=3 {
        let record = Record::in_memory();
        let (_, parked) = run(&record).await;
        assert!(parked.unwrap_err().suspends());
        pieces.push(record.text());
        let wait = format!("approval#{visit}");
        runs.fill_value("library-7", &wait, &format!("Ada {visit}"))
            .await
            .unwrap();
        if visit == 1 {
            // Somebody edits the store by hand.
            runs.edit("library-7", "log", "\"edited;\"").await.unwrap();
        }
        end = Some(visit);
    }
    assert_eq!(end, Some(3));
    let last = Record::in_memory();
    let (then, ended) = run(&last).await;
    ended.unwrap();
    assert_eq!(then.log, "edited;Ada 1 0;Ada 2 1;Ada 3 2;");
    pieces.push(last.text());

    // Each piece alone goes from where it began until where it stopped.
    for (index, piece) in pieces.iter().enumerate() {
        let now = replayed::<_, Library>(&Write, piece).await;
        let now = now.unwrap_or_else(|error| panic!("piece {index}: {error}\n{piece}"));
        assert_eq!(
            now.exit().is_some(),
            index == pieces.len() - 1,
            "piece {index}"
        );
    }

    // In one record, they are one run.
    let file = folder.path().join("run.jsonl");
    std::fs::write(&file, joined(&pieces)).unwrap();
    let whole = std::fs::read_to_string(&file).unwrap();
    assert_eq!(Replay::all(&whole).unwrap().len(), 1);
    let now = replayed::<_, Library>(&Write, &whole).await.unwrap();
    assert_eq!(now.store, then);
    assert_eq!(now.exit(), Some("default"));
    let test = generate_test(&whole, Some("library-7")).unwrap();
    assert_eq!(test.name, "write_library_7");
    assert_eq!(replay(&Write, &test.fixture).await.unwrap(), 1);
}

/// The records of several processes as one, with other numbers for the runs and graphs of each.
fn joined(pieces: &[String]) -> String {
    let mut whole = String::new();
    for (piece, text) in pieces.iter().enumerate() {
        let add = |line: &str, member: &str| {
            let mut parts = line.split(member);
            let mut new = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                // The name of a flow is not a number.
                let end = part.find(|letter: char| !letter.is_ascii_digit());
                let (number, rest) = part.split_at(end.unwrap_or_default());
                let number = number.parse::<usize>().map(|number| number + piece * 1_000);
                let number = number.map_or_else(|_| String::new(), |number| number.to_string());
                new += &format!("{member}{number}{rest}");
            }
            new
        };
        for line in text.lines() {
            let line = add(&add(&add(line, "\"run\":"), "\"graph\":"), "\"flow\":");
            whole += &(line + "\n");
        }
    }
    whole
}

#[node(Document, writes(draft, rounds))]
async fn read(title: &str, rounds: &u32) -> (String, u32) {
    exec_runs();
    (format!("about {title}"), rounds + 1)
}

flow! { Review: Document { read >> await(approval) >> end; } }
flow! { ReviewAll: Library { Review.each(documents, parallel = 2) >> again; again - "again" >> Review.each(documents) max 1 else end; again - "over" >> end; } }

#[tokio::test]
async fn inner_runs_that_have_waited_are_joined_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Checkpoints::open(folder.path().join("runs.db"))
        .await
        .unwrap();
    let run = async |record: &Record| {
        let mut library = library();
        let durable = runs.run("all").park();
        let ended = ReviewAll.with(record).with(durable).run(&mut library).await;
        (library, ended)
    };
    let mut pieces = Vec::new();
    let mut finished = None;
    for inner in [
        "all/1/documents[0]",
        "all/1/documents[1]",
        "all/3/documents[0]",
        "all/3/documents[1]",
        "",
    ] {
        let record = Record::in_memory();
        let (library, ended) = run(&record).await;
        pieces.push(record.text());
        if ended.is_ok() {
            finished = Some(library);
            break;
        }
        let waits = runs.list(None).await.unwrap();
        assert!(ended.unwrap_err().suspends(), "{waits:?}");
        runs.fill_value(inner, "approval#1", &format!("yes, {inner}"))
            .await
            .unwrap_or_else(|error| panic!("{error}: {waits:?}"));
    }
    let then = finished.expect("all are approved");
    let whole = joined(&pieces);
    let now = replayed::<_, Library>(&ReviewAll, &whole).await.unwrap();
    assert_eq!(now.store, then);
    assert_eq!(now.exit(), Some("default"));

    // A record that begins in the middle goes from there, if it has the inner runs of its first step.
    for (index, piece) in pieces.iter().enumerate() {
        let now = replayed::<_, Library>(&ReviewAll, piece).await;
        match index {
            2 | 4 => assert_eq!(
                now.unwrap_err().to_string(),
                "run `all`: the record begins in the middle of a step, when `ReviewAll > documents[0]` had ended: replay a record that has the whole run"
            ),
            _ => drop(now.unwrap_or_else(|error| panic!("{index}: {error}"))),
        }
    }
}

#[tokio::test]
async fn a_driver_that_stopped_the_run_stops_it_again() {
    let record = Record::in_memory();
    let mut then = Library {
        approval: Some("Ada".into()),
        rounds: 0,
        ..library()
    };
    flow! { Loop(approval): Library { note >> again; again - "again" >> note; again - "over" >> end; } }
    let run = Arc::new(record);
    let ended = Loop.with(&run).with(StepLimit::new(3)).run(&mut then).await;
    let ended = ended.unwrap_err();
    let now = replayed::<_, Library>(&Loop, &run.text()).await.unwrap();
    assert_eq!(format!("{:#}", now.error().unwrap()), format!("{ended:#}"));
    assert_eq!(now.store, then);
}
