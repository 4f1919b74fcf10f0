//! Runs in runs, nested flows and bounded loops, from the database alone.

use std::collections::BTreeMap;

use pocketflow::{Action, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Retention};
use pocketflow_record::{Ended, Outcome, Recording};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::Site;

#[derive(Debug, Shared, Default, Serialize, Deserialize)]
struct Document {
    text: String,
    #[shared(redact)]
    author: String,
    rating: Option<u32>,
}

/// No flow runs on it.
#[derive(Debug, Shared, Default, Serialize, Deserialize)]
struct Shelf {
    #[shared(redact)]
    #[serde(rename = "theCode")]
    code: String,
    lower: Option<Box<Shelf>>,
}

#[derive(Debug, Shared, Default, Serialize, Deserialize)]
struct Library {
    documents: Vec<Document>,
    shelf: Shelf,
    /// JSON has no such keys.
    shelves: BTreeMap<(u8, u8), Shelf>,
    rounds: u32,
    done: Option<bool>,
}

#[node(Document)]
fn read(text: &str) {
    let _ = text;
}

#[derive(Action)]
#[action(Library)]
enum Again {
    Again { rounds: u32 },
    Enough { done: bool },
}

#[node(Library)]
fn judge(rounds: &u32) -> Again {
    match rounds {
        0 | 1 => Again::Again { rounds: rounds + 1 },
        _ => Again::Enough { done: true },
    }
}

#[node(Library)]
fn prepare(rounds: &u32) {
    let _ = rounds;
}

#[node(Library)]
fn close(rounds: &u32) {
    let _ = rounds;
}

#[node(Library)]
fn open(shelf: &Shelf) -> Result<(), String> {
    let lower = shelf.lower.as_ref().expect("a shelf");
    Err(format!(
        "{:?} opens neither, nor {:?}",
        shelf.code, lower.code
    ))
}

flow! { Rate: Document { read >> await(rating); } }
flow! { Judging: Library { prepare >> judge; judge - "again" >> prepare max 5 else end; judge - "enough" >> end; } }
flow! { Open: Library { open; } }
flow! { Digest: Library { Rate.each(documents, parallel = 2) >> Judging >> close; } }

fn library() -> Library {
    let document = |text: &str| Document {
        text: text.into(),
        author: "Ada Lovelace".into(),
        rating: None,
    };
    Library {
        documents: vec![document("one"), document("two")],
        ..Library::default()
    }
}

#[tokio::test]
async fn inner_runs_are_beside_the_run_around_them() {
    let site = Site::new().await;
    let mut store = library();
    let run = || site.runs.run("digest").park();
    Digest.with(run()).run(&mut store).await.unwrap_err();

    // Those that wait are in the list.
    let list = site.json("/api/runs?status=waiting").await;
    let rows = list["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 3, "{list}");
    let of = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap().clone();
    assert_eq!(of("digest")["waits"], "2 inner runs");
    let inner = "digest/1/documents[1]";
    assert_eq!(
        (&of(inner)["outer"], &of(inner)["waits"]),
        (&json!("digest"), &json!("rating#1"))
    );

    let mut events = site.events("/api/run?id=digest", None).await;
    let outer = events.of("snapshot").await;
    let told = events.facts(|facts| facts["inner_waits"] == 2).await;
    assert_eq!(
        told["facts"]["inner"][1],
        json!({ "run": inner, "status": "waiting" })
    );
    // What is confidential in a store is so in the store around it.
    assert!(
        outer.data.contains("documents") && !outer.data.contains("Lovelace"),
        "{}",
        outer.data
    );

    let path = format!(
        "/api/run?id={}",
        inner
            .replace('/', "%2F")
            .replace('[', "%5B")
            .replace(']', "%5D")
    );
    let mut events = site.events(&path, None).await;
    let inside = events.of("snapshot").await;
    assert!(inside.data.contains("await(rating)") && !inside.data.contains("Lovelace"));
    let told = events.facts(|facts| facts["wait"] == "rating#1").await;
    assert_eq!(told["facts"]["outer"], "digest");

    // They are answered by themselves, and mended with the run around them.
    for document in ["digest/1/documents[0]", inner] {
        let fill = json!({ "action": "fill", "run": document, "wait": "rating#1", "value": "5" });
        assert!(site.act(fill).await.0.is_success());
    }
    let (status, why) = site.act(json!({ "action": "cancel", "run": inner })).await;
    assert!(
        status.is_client_error() && why.contains("do this with `digest`"),
        "{why}"
    );
    Digest
        .with(run())
        .run(&mut Library::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn stores_on_which_no_flow_runs_are_hidden_as_well() {
    let site = Site::new().await;
    let shelf = |code: &str, lower| Shelf {
        code: format!("{code} secret"),
        lower,
    };
    let mut store = Library {
        shelf: shelf("upper", Some(Box::new(shelf("lower", None)))),
        shelves: BTreeMap::from([((1, 2), shelf("other", None))]),
        ..Library::default()
    };
    let run = Open.with(site.runs.run("open"));
    run.run(&mut store).await.unwrap_err();

    let mut events = site.events("/api/run?id=open", None).await;
    let record = events.of("snapshot").await.data;
    let told = events.facts(|facts| facts["status"] == "failed").await;
    let why = "Open > open: exec failed: \"[redacted]\" opens neither, nor \"[redacted]\"";
    assert_eq!(told["facts"]["message"], why);
    let list = site.json("/api/runs").await;
    assert_eq!(list["rows"][0]["error"], why);
    let state = site.json("/api/state?run=open").await;
    for text in [
        record,
        told.to_string(),
        list.to_string(),
        state.to_string(),
    ] {
        assert!(!text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn a_history_becomes_a_record_with_nested_flows_and_bounds() {
    let site = Site::new().await;
    let mut store = library();
    store.documents.clear();
    Digest
        .with(site.runs.run("a"))
        .run(&mut store)
        .await
        .unwrap();
    let text = site
        .events("/api/run?id=a", None)
        .await
        .of("snapshot")
        .await
        .data
        + "\n";
    let recording = Recording::read(&text).unwrap();
    let run = &recording.runs()[0];
    assert_eq!(run.outcome(), Outcome::Exit("default"));
    let steps: Vec<String> = run
        .steps
        .iter()
        .map(|step| step.step.path.join(" > "))
        .collect();
    assert_eq!(
        steps,
        [
            "Rate.each(documents)",
            "Judging > prepare",
            "Judging > judge",
            "Judging > prepare",
            "Judging > judge",
            "Judging > prepare",
            "Judging > judge",
            "close"
        ]
    );
    let actions: Vec<_> = run.steps.iter().filter_map(|step| step.action()).collect();
    assert_eq!(
        actions,
        [
            "default", "default", "again", "default", "again", "default", "enough", "default"
        ]
    );
    assert_eq!(
        run.nested.len(),
        1,
        "the nested flow is entered once, and left"
    );
    let Some(Ended::Taken(taken)) = &run.steps[2].ended else {
        panic!("{:?}", run.steps[2]);
    };
    assert_eq!(
        taken.changed.get("rounds").map(|value| value.text()),
        Some("1")
    );
    // The line of the exit of the nested flow leads to the place after it.
    let left = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let left = left
        .into_iter()
        .find(|line| line["event"] == "leave")
        .unwrap();
    assert_eq!(
        (&left["action"], &left["to"]),
        (&json!("default"), &json!({ "place": 2 }))
    );
}

#[tokio::test]
async fn a_long_history_begins_where_it_is_kept() {
    let site = Site::new().await;
    let few = Checkpoints::open(site.file("runs.db")).await.unwrap();
    let few = few.retention(Retention::Last(3));
    let mut store = library();
    store.documents.clear();
    Digest.with(few.run("b")).run(&mut store).await.unwrap();
    let text = site
        .events("/api/run?id=b", None)
        .await
        .of("snapshot")
        .await
        .data
        + "\n";
    let recording = Recording::read(&text).unwrap();
    let run = &recording.runs()[0];
    let steps: Vec<_> = run.steps.iter().map(|step| step.step.step).collect();
    assert_eq!(steps, [7, 8]);
    let resumed = run.run.resumed.as_ref().unwrap();
    let places: Vec<&str> = resumed.flows.iter().map(|flow| &*flow.place).collect();
    assert_eq!((resumed.steps, places), (6, vec!["Judging", "judge"]));
    assert_eq!(
        run.run.shared.get("rounds").map(|value| value.text()),
        Some("2")
    );
}
