//! The list of runs.

use std::time::Instant;

use pocketflow_checkpoint::{NewRun, Storage};
use serde_json::{Value, json};

use crate::support::{Order, Shop, Site, beginning, dropped, end, step};

fn names(list: &Value) -> Vec<String> {
    let rows = list["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        format!(
            "{} {}",
            row["name"].as_str().unwrap(),
            row["status"].as_str().unwrap()
        )
    })
    .collect()
}

#[tokio::test]
async fn records_and_durable_runs_are_one_list() {
    let site = Site::new().await;
    site.order("waits", 4_200).await;
    site.order("fails", 0).await;
    site.runs
        .fill("fails", "approval#1", "\"Ada\"")
        .await
        .unwrap();
    site.go_on("fails").await.unwrap_err();
    let order = Order::default();
    site.runs.enqueue("queued", &Shop, order).await.unwrap();
    // A record of a durable run, one of another run, and a file that is something else.
    site.write("waits.jsonl", &beginning("Shop", Some("waits"), 1));
    let mut lines = beginning("Report", None, 5_000_000);
    lines.extend([step(1, 6_000_000), end(7_000_000)]);
    site.write("report.jsonl", &lines);
    site.write(
        "open.jsonl",
        &beginning("Report", Some("in-progress"), 3_000_000),
    );
    site.write("notes.jsonl", &["hello".to_owned()]);

    let list = site.json("/api/runs").await;
    let mut all = names(&list);
    all.sort();
    assert_eq!(
        all,
        [
            "fails failed",
            "in-progress unfinished",
            "notes.jsonl unreadable",
            "queued enqueued",
            "report finished",
            "waits waiting"
        ]
    );
    let row = |name: &str| {
        let mut rows = list["rows"].as_array().unwrap().iter();
        rows.find(|row| row["name"] == name).unwrap().clone()
    };
    let waits = row("waits");
    assert_eq!(
        (&waits["waits"], &waits["file"]),
        (&json!("approval#1"), &json!("waits.jsonl"))
    );
    assert!(waits["since"].as_u64() >= waits["began"].as_u64());
    assert!(
        row("fails")["error"]
            .as_str()
            .unwrap()
            .contains("the bank is closed")
    );
    assert!(
        row("notes.jsonl")["error"]
            .as_str()
            .unwrap()
            .contains("not a record")
    );
    assert_eq!(list["flows"], json!(["Report", "Shop"]));
    assert_eq!(list["counts"]["waiting"], 1);

    for (query, found) in [
        ("status=failed", vec!["fails failed"]),
        (
            "flow=Report",
            vec!["report finished", "in-progress unfinished"],
        ),
        ("q=bank+CLOSED", vec!["fails failed"]),
        ("q=approval%231", vec!["waits waiting"]),
        ("q=nothing", vec![]),
        ("flow=Report&status=finished&q=pay", vec!["report finished"]),
    ] {
        let list = site.json(&format!("/api/runs?{query}")).await;
        assert_eq!(names(&list), found, "{query}");
    }
    // The counts tell what the other statuses would show.
    let failed = site.json("/api/runs?status=failed").await;
    assert_eq!(
        (&failed["found"], &failed["counts"]["waiting"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn a_dropped_run_is_told_from_an_unfinished_one() {
    let site = Site::new().await;
    for (id, event) in [
        ("open", None),
        ("cancelled", Some(dropped(6_000_000, false))),
        ("panicked", Some(dropped(7_000_000, true))),
    ] {
        let mut lines = beginning("Report", Some(id), 3_000_000);
        lines.push(step(1, 4_000_000));
        lines.extend(event);
        site.write(&format!("{id}.jsonl"), &lines);
    }
    let list = site.json("/api/runs").await;
    let all = ["panicked dropped", "cancelled dropped", "open unfinished"];
    assert_eq!(names(&list), all);
    let facts = |row: usize| (&list["rows"][row]["dropped"], &list["rows"][row]["changed"]);
    let panicked = json!({ "at": 7_000, "panicked": true });
    let cancelled = json!({ "at": 6_000, "panicked": false });
    assert_eq!(facts(0), (&panicked, &json!(7_000)));
    assert_eq!(facts(1), (&cancelled, &json!(6_000)));
    assert_eq!(facts(2), (&Value::Null, &json!(4_000)));
    assert_eq!(list["counts"], json!({ "dropped": 2, "unfinished": 1 }));
    for (query, found) in [
        ("status=dropped", &all[..2]),
        ("status=unfinished", &all[2..]),
        ("q=by+a+panic", &all[..1]),
        ("q=before+its+end", &all[1..2]),
    ] {
        let list = site.json(&format!("/api/runs?{query}")).await;
        assert_eq!(names(&list), found, "{query}");
    }
}

#[tokio::test]
async fn an_orphaned_run_is_told_from_a_running_one() {
    let site = Site::new().await;
    let new = NewRun {
        flow: "Shop".into(),
        graph: "{}".into(),
        state: "{}".into(),
        position: "{}".into(),
    };
    let storage = site.runs.storage();
    let long = std::time::Duration::from_secs(600);
    storage
        .begin("driven", "elsewhere", long, &new)
        .await
        .unwrap();
    storage
        .begin("lost", "elsewhere", std::time::Duration::ZERO, &new)
        .await
        .unwrap();
    let mut all = names(&site.json("/api/runs").await);
    all.sort();
    assert_eq!(all, ["driven running", "lost orphaned"]);
}

#[tokio::test]
async fn changes_are_told() {
    let site = Site::new().await;
    let mut changes = site.events("/api/changes", None).await;
    changes.next().await;
    site.order("a", 4_200).await;
    changes.next().await;
    while names(&site.json("/api/runs").await) != ["a waiting"] {
        changes.next().await;
    }
    site.write("b.jsonl", &beginning("Report", Some("b"), 1));
    changes.next().await;
    site.add("b.jsonl", &end(2));
    while site.json("/api/runs?q=b+finished").await["found"] != 1 {
        changes.next().await;
    }
    std::fs::remove_file(site.file("b.jsonl")).unwrap();
    while site.json("/api/runs").await["total"] != 1 {
        changes.next().await;
    }
}

#[tokio::test]
async fn ten_thousand_runs_are_pages() {
    let site = Site::new().await;
    let new = NewRun {
        flow: "Shop".into(),
        graph: "{}".into(),
        state: "{}".into(),
        position: "{}".into(),
    };
    let storage = site.runs.storage();
    let enqueue = (0..10_000).map(|number| {
        let (new, id) = (&new, format!("order-{number:05}"));
        async move { storage.enqueue(&id, new).await.map(drop) }
    });
    futures_util::future::try_join_all(enqueue).await.unwrap();
    let began = Instant::now();
    let list = site.json("/api/runs").await;
    println!("the first page of 10,000 runs: {:?}", began.elapsed());
    assert_eq!(
        (&list["total"], &list["pages"]),
        (&json!(10_000), &json!(200))
    );
    assert_eq!(list["rows"].as_array().unwrap().len(), 50);
    let began = Instant::now();
    let found = site.json("/api/runs?q=order-0777").await;
    println!("a search in 10,000 runs: {:?}", began.elapsed());
    assert_eq!((&found["found"], &found["pages"]), (&json!(10), &json!(1)));
    let last = site.json("/api/runs?page=1000&size=300").await;
    assert_eq!((&last["page"], &last["pages"]), (&json!(34), &json!(34)));
    assert_eq!(last["rows"].as_array().unwrap().len(), 100);
}
