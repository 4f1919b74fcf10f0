//! Inner runs: flows on fields.

use std::collections::BTreeMap;
use std::time::Duration;

use pocketflow::{Failed, Shared, flow, node};
use pocketflow_record::{Outcome, Record, Recording};
use serde::Serialize;

use super::brief::brief;

#[derive(Shared, Default, Serialize)]
struct Document {
    text: String,
    words: Option<usize>,
}

#[derive(Shared, Default, Serialize)]
struct Library {
    preface: Document,
    documents: Vec<Document>,
    by_name: BTreeMap<String, Document>,
    problems: Vec<Failed>,
    total: usize,
}

#[node(Document, writes = words)]
async fn count(text: &str) -> Result<usize, String> {
    match text {
        "" => Err("there is no text".into()),
        text => {
            // Longer texts take longer.
            tokio::time::sleep(Duration::from_millis(text.len() as u64)).await;
            Ok(text.split(' ').count())
        }
    }
}

#[node(Library, writes = total)]
fn add(documents: &[Document]) -> usize {
    documents
        .iter()
        .map(|document| document.words.unwrap_or(0))
        .sum()
}

flow! { Count { count; } }
flow! { Preface: Library { Count.on(preface); } }
flow! { Digest: Library { Count.each(documents, parallel = 2, failures = problems) >> add; } }
flow! { Strict: Library { Count.each(documents, parallel = 2); } }
flow! { Named: Library { Count.each(by_name); } }
flow! { Both: Library { (Count.on(preface), Count.each(documents)); } }

fn document(text: &str) -> Document {
    Document {
        text: text.into(),
        words: None,
    }
}

fn library(texts: &[&str]) -> Library {
    Library {
        preface: document("a b"),
        documents: texts.iter().map(|text| document(text)).collect(),
        ..Library::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_flow_on_a_field_is_a_run_within_its_step() {
    let record = Record::in_memory();
    Preface.with(&record).run(&mut library(&[])).await.unwrap();
    assert_eq!(
        brief(&record.text())[1..],
        [
            "0.1: step Count.on(preface)",
            r#"1: run Count in 0.1 preface text="a b" words=null"#,
            "1.1: step count",
            "1.1: attempt 1/1 of count",
            "1.1: exec count = 2",
            r#"1.1: taken "default" >> end 0 words=2"#,
            r#"1: end "default""#,
            r#"0.1: taken "default" >> end 0 preface={"text":"a b","words":2}"#,
            r#"0: end "default""#,
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_items_of_a_field_are_runs_at_the_same_time() {
    let record = Record::in_memory();
    let mut library = library(&["a b c", "", "d"]);
    Digest.with(&record).run(&mut library).await.unwrap();
    let recording = Recording::read(record.text()).unwrap();
    let [outer, inner @ ..] = recording.runs() else {
        panic!()
    };
    assert_eq!(outer.steps[0].inner_runs, [1, 2, 3]);
    let outcomes: Vec<_> = inner.iter().map(|run| run.outcome()).collect();
    assert_eq!(outcomes[0], Outcome::Exit("default"));
    assert!(matches!(outcomes[1], Outcome::Failed(_)));
    assert_eq!(outcomes[2], Outcome::Exit("default"));
    // The failure of the second one names the item, and is in the field of the outer step.
    let end = inner[1].end.as_ref().unwrap();
    assert_eq!(end.place.as_deref(), Some("Digest > documents[1] > count"));
    let lines = brief(&record.text());
    let taken = lines
        .iter()
        .find(|line| line.starts_with("0.1: taken"))
        .unwrap();
    assert!(
        taken.contains(r#" problems=[{"path":["Digest","documents[1]","count"]"#),
        "{taken}"
    );
    assert!(
        lines.contains(&r#"0.2: taken "default" >> end 0 total=4"#.to_owned()),
        "{lines:?}"
    );
    // They overlap: the third one began before the first one ended.
    assert!(inner[2].run.at <= inner[0].last_at);
    // The state that the record tells is that of the store.
    let documents = serde_json::to_string(&library.documents).unwrap();
    assert_eq!(outer.state_at_end().get("documents"), Some(&*documents));
}

#[tokio::test(start_paused = true)]
async fn an_item_that_fails_drops_the_others() {
    let record = Record::in_memory();
    let mut library = library(&["a long text", ""]);
    Strict.with(&record).run(&mut library).await.unwrap_err();
    let recording = Recording::read(record.text()).unwrap();
    let outcomes: Vec<_> = recording.runs().iter().map(|run| run.outcome()).collect();
    assert!(matches!(
        outcomes[..],
        [Outcome::Failed(_), Outcome::Unfinished, Outcome::Failed(_)]
    ));
    let dropped = recording.runs().iter().map(|run| run.dropped.is_some());
    assert_eq!(dropped.collect::<Vec<_>>(), [false, true, false]);
}

#[tokio::test(start_paused = true)]
async fn items_of_a_map_have_their_keys_and_flows_of_a_fork_their_branches() {
    let record = Record::in_memory();
    let mut library = library(&["a"]);
    library.by_name.insert("x \"y\"".into(), document("b"));
    Named.with(&record).run(&mut library).await.unwrap();
    Both.with(&record).run(&mut library).await.unwrap();
    let lines = brief(&record.text());
    let runs: Vec<_> = lines
        .iter()
        .filter(|line| line.contains(": run Count"))
        .collect();
    assert_eq!(
        runs,
        [
            r#"1: run Count in 0.1 by_name["x \"y\""] text="b" words=null"#,
            r#"3: run Count in 2.1 preface branch 0 text="a b" words=null"#,
            r#"4: run Count in 2.1 documents branch 1[0] text="a" words=null"#,
        ]
    );
}
