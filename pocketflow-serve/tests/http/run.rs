//! A run as it happens.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Site, beginning, end, step};

fn kinds(lines: &str) -> Vec<String> {
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter_map(|line| Some(line["event"].as_str()?.to_owned()))
        .collect()
}

#[tokio::test]
async fn a_record_comes_line_by_line() {
    let site = Site::new().await;
    site.write("a.jsonl", &beginning("Shop", Some("a"), 1));
    let mut events = site.events("/api/run?id=a", None).await;
    let first = events.next().await;
    assert_eq!(
        (&*first.kind, kinds(&first.data)),
        ("snapshot", vec!["graph".to_owned(), "run".to_owned()])
    );
    let told = events.facts(|_| true).await;
    assert_eq!(
        (&told["recorded"], &told["facts"]),
        (&json!(true), &Value::Null)
    );
    site.add("a.jsonl", &step(1, 2));
    let second = events.next().await;
    assert_eq!((&*second.kind, &*second.data), ("lines", &*step(1, 2)));

    // A browser that lost the connection gets what it has missed, and nothing twice.
    drop(events);
    site.add("a.jsonl", &end(3));
    let mut again = site.events("/api/run?id=a", Some(&second.id)).await;
    let third = again.next().await;
    assert_eq!((&*third.kind, &*third.data), ("lines", &*end(3)));
    let after = format!("/api/run?id=a&after={}", second.id);
    assert_eq!(site.events(&after, None).await.next().await.data, end(3));

    // Another file under the same name is another record.
    site.write("a.jsonl", &beginning("Report", Some("a"), 9));
    let replaced = again.of("snapshot").await;
    assert!(replaced.data.contains("Report"));
    let strange = site
        .events("/api/run?id=a", Some(&third.id))
        .await
        .next()
        .await;
    assert_eq!(strange.kind, "snapshot");
}

#[tokio::test]
async fn a_file_is_found_only_by_its_name_in_the_folder() {
    let site = Site::new().await;
    site.write("b.jsonl", &beginning("Shop", None, 1));
    let outside = tempfile::NamedTempFile::with_suffix(".jsonl").unwrap();
    fs::write(
        outside.path(),
        beginning("Secret", None, 1).join("\n") + "\n",
    )
    .unwrap();
    let found = site
        .events("/api/run?file=b.jsonl", None)
        .await
        .next()
        .await;
    assert_eq!(found.kind, "snapshot");
    let outside = outside.path().to_str().unwrap();
    for file in [outside, "../b.jsonl", "./b.jsonl", "runs.db", "c.jsonl"] {
        let path = format!("/api/run?file={}", file.replace('/', "%2F"));
        let event = site.events(&path, None).await.next().await;
        assert_eq!(event.kind, "facts", "{file}");
        assert!(event.data.contains("there is no such run"));
    }
}

#[tokio::test]
async fn a_run_without_a_record_is_shown_from_its_history() {
    let site = Site::new().await;
    site.order("a", 4_200).await;
    let mut events = site.events("/api/run?id=a", None).await;
    let first = events.of("snapshot").await;
    let kinds = kinds(&first.data);
    assert_eq!(
        kinds,
        ["graph", "run", "step", "taken", "step", "suspended", "end"]
    );
    let lines: Vec<Value> = first
        .data
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[1]["name"], "Shop");
    assert_eq!(lines[5]["waits"], "approval");
    assert_eq!(lines[4]["changed"]["total_cents"], 4_200);
    // The record can be read like any other.
    let read = pocketflow_record::Recording::read(first.data.clone() + "\n").unwrap();
    assert_eq!(read.runs().len(), 1);

    // A field that is confidential stays so.
    assert_eq!(lines[2]["redacted"], json!(["card"]));
    assert_eq!(lines[4]["changed"]["card"], json!({ "$redacted": true }));
    assert!(!first.data.contains("4111"));

    let told = events.facts(|facts| facts["wait"] == "approval#1").await;
    let facts = &told["facts"];
    assert_eq!(facts["schema"], json!({ "type": "string", "minLength": 2 }));
    assert_eq!(
        (&facts["status"], &told["recorded"]),
        (&json!("waiting"), &json!(false))
    );
    assert!(!told.to_string().contains("4111"));

    // What happens next arrives.
    site.runs.fill("a", "approval#1", "\"Ada\"").await.unwrap();
    events.facts(|facts| facts["filled"] == true).await;
    site.go_on("a").await.unwrap();
    events.facts(|facts| facts["status"] == "finished").await;
    let whole = loop {
        let next = site
            .events("/api/run?id=a", None)
            .await
            .of("snapshot")
            .await;
        if next.data.contains("\"exit\":\"default\"") {
            break next.data;
        }
    };
    assert!(whole.contains("4200 cents, approved by Ada"));
    assert!(!whole.contains("4111"));
    let read = pocketflow_record::Recording::read(whole + "\n").unwrap();
    assert_eq!(read.runs()[0].steps.len(), 3);
}

#[tokio::test]
async fn a_named_field_is_hidden_too() {
    let site = Site::with(|server| server.redact("total_cents")).await;
    site.order("a", 4_200).await;
    let first = site
        .events("/api/run?id=a", None)
        .await
        .of("snapshot")
        .await;
    assert!(!first.data.contains("4200") && !first.data.contains("4111"));
    let state = site.json("/api/state?run=a").await;
    assert_eq!(
        state["fields"][0],
        json!({ "name": "total_cents", "value": null })
    );
}

#[tokio::test]
async fn an_unknown_run_says_so() {
    let site = Site::new().await;
    let event = site.events("/api/run?id=nothing", None).await.next().await;
    assert!(event.data.contains("there is no run `nothing`"));
}
