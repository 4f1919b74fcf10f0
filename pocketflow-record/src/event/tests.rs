use serde_json::{Value, json};

use super::*;

/// One event of each kind, with every member.
fn all() -> Vec<Value> {
    let place = |name: &str, kind: &str| json!({ "name": name, "kind": kind });
    let fork = json!({ "name": "(a, b)", "kind": "fork", "actions": ["default"], "fork": [place("a", "node"), place("b", "node")] });
    let node = json!({
        "name": "pay", "kind": "node", "node": "pay", "reads": ["total"], "optional_reads": ["note"],
        "writes": ["receipt"], "actions": ["default", "later"]
    });
    let each = json!({
        "name": "Read.each(documents)", "kind": "each", "actions": ["default"], "flow": 1, "field": "documents",
        "each": { "parallel": 8, "failures": "problems" }
    });
    let waits =
        json!({ "name": "await(approval)", "kind": "await", "waits": "approval", "within_ms": 5 });
    let sleeps = json!({ "name": "nap", "kind": "sleep", "sleeps_ms": 7 });
    let run = json!({ "run": 3, "step": 4, "branch": 1, "item": 2 });
    let of = |event: &str, members: Value| {
        let mut whole = json!({ "event": event, "at": 17 });
        for members in [&run, &members] {
            let members = members.as_object().unwrap().clone();
            whole.as_object_mut().unwrap().extend(members);
        }
        whole
    };
    let path = json!(["Payment", "pay"]);
    let done = json!({
        "path": path, "action": "later", "edge": 1, "to": { "place": 0 }, "count": 2, "max": 3, "failed": true,
        "changed": { "receipt": "paid" }, "appended": { "log": ["more"] }
    });
    let stopped = json!({
        "path": path, "error": ["outer", "inner"], "place": "Shop > pay", "changed": { "a": 1 }, "appended": { "b": "c" }
    });
    let without = |mut event: Value, members: &[&str]| {
        for member in members {
            event.as_object_mut().unwrap().remove(*member);
        }
        event
    };
    let mut left = of("leave", done.clone());
    left["graph"] = json!(1);
    vec![
        json!({
            "event": "graph", "at": 1, "graph": 0, "name": "Shop", "fingerprint": "00000000000000ff", "store": "Order", "context": "Services",
            "inputs": ["total"], "exits": ["default"], "places": [node, each, waits, sleeps, fork],
            "edges": [
                { "from": 0, "action": "later", "to": { "place": 0 }, "bound": { "max": 3, "otherwise": { "exit": 0 } }, "written": true },
                { "from": 0, "action": "error", "to": { "exit": 0 }, "error": { "field": "problem" }, "written": true }
            ]
        }),
        json!({
            "event": "run", "at": 2, "run": 3, "id": "order-17", "graph": 0, "max_steps": 9,
            "parent": { "run": 0, "step": 2, "field": "documents", "branch": 1, "item": { "index": 4 } },
            "resumed": {
                "steps": 5, "inner_steps": 2,
                "flows": [{ "flow": "Shop", "fingerprint": "00000000000000ff", "place": "pay", "taken": [0, 2] }]
            }, "shared": { "total": 1.5, "receipt": null }, "redacted": ["card"],
            "content": true, "values": true
        }),
        json!({ "event": "enter", "at": 3, "run": 3, "path": ["Payment"], "graph": 1 }),
        json!({
            "event": "step", "at": 4, "run": 3, "step": 4, "graph": 0, "place": 0, "path": path, "waits": "approval",
            "sleeps_ms": 5
        }),
        of(
            "attempt",
            json!({ "number": 1, "of": 3, "began": 4, "node": "pay", "error": ["no"], "timed_out": true, "gives_up": true }),
        ),
        of(
            "exec",
            json!({ "items": 5, "began": 4, "node": "pay", "value": { "b": 1, "a": [null] }, "redacted": true, "kept": true, "error": ["no"],
                "stage": "exec failed", "attempts": 1, "failure": true }),
        ),
        of(
            "note",
            json!({ "attempt": 1, "node": "pay", "name": "model", "value": { "model": "m" } }),
        ),
        without(of("taken", done), &["branch", "item"]),
        without(left, &["step", "branch", "item"]),
        without(of("failed", stopped.clone()), &["branch", "item"]),
        without(of("suspended", stopped), &["branch", "item"]),
        json!({
            "event": "end", "at": 9, "run": 3, "exit": "default", "error": ["outer"], "place": "Shop > pay", "suspended": true,
            "changed": { "a": 1 }, "appended": { "b": [2] }
        }),
    ]
}

#[test]
fn every_member_of_every_event_is_read_and_written() {
    let mut kinds = Vec::new();
    for line in all() {
        let event = Event::read(&line.to_string()).unwrap().unwrap();
        assert_eq!(line["event"], event.name());
        assert_eq!(line["at"], event.at());
        let mut text = Vec::new();
        event.write(&mut text);
        assert_eq!(text.pop(), Some(b'\n'));
        assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), line);
        kinds.push(event.name());
    }
    assert_eq!(kinds.len(), 12);
}

#[test]
fn members_and_events_that_are_not_known_are_ignored() {
    let line = r#"{"event":"enter","at":1,"run":0,"path":[],"graph":0,"weather":{"rain":true}}"#;
    assert!(matches!(Event::read(line), Ok(Some(Event::Enter(_)))));
    assert_eq!(
        Event::read(r#"{"event":"weather","rain":true}"#).unwrap(),
        None
    );
    assert!(Event::read(r#"{"at":1}"#).is_err());
    assert!(Event::read(r#"{"event":"enter"}"#).is_err());
}

#[test]
fn a_value_is_what_it_was() {
    for text in [
        "18446744073709551616",
        "1.50",
        r#""\u0000""#,
        "[1,[]]",
        "null",
    ] {
        let line = format!(
            r#"{{"event":"exec","at":1,"run":0,"step":1,"began":1,"node":"n","value":{text}}}"#
        );
        let Event::Exec(exec) = Event::read(&line).unwrap().unwrap() else {
            panic!("{line}");
        };
        // `null` is a value, and not the absence of one.
        assert_eq!(exec.value.unwrap().text(), text);
    }
}

#[test]
fn marks_are_not_values_that_look_like_them() {
    assert!(Json::redacted().is_redacted());
    assert_eq!(
        Json::unwritable("why").why_unwritable().as_deref(),
        Some("why")
    );
    let similar = Json::of(&json!({ "$redacted": true, "a": 1 })).unwrap();
    assert!(!similar.is_redacted() && similar.why_unwritable().is_none());
}
