use serde_json::json;

use super::*;
use crate::pump::{Attempt, Begun, End, Entry, Key, Outcome, Part, Piece, Record, Step, Wait, Why};
use crate::wire::{RunError, RunStatus, Status};

fn json_of(value: serde_json::Value) -> Json {
    Json::new(value.to_string()).unwrap()
}

fn run() -> Run {
    let status = RunStatus {
        run: "order-17".into(),
        flow: "Shop".into(),
        status: Status::Running,
        step: 3,
        at: None,
        exit: None,
        waits: Vec::new(),
        until: None,
        next_attempt: None,
        problem: None,
        error: None,
        created: 1,
        updated: 1,
    };
    let meta = Meta {
        status,
        burst: 7,
        definition: json_of(json!({})),
        request: String::new(),
        position: None,
        action: None,
        visits: BTreeMap::new(),
        log: 0,
    };
    Run::read(meta, r#"{"a":1,"b":2}"#, "").unwrap()
}

fn key(run: &str, step: u64, part: Part) -> Key {
    let run = run.to_owned();
    Key { run, step, part }
}

fn item(item: u64) -> Piece {
    Piece {
        branch: None,
        item: Some(item),
    }
}

fn record(key: Key, outcome: Outcome) -> Record {
    let begun = (!key.run.is_empty()).then(|| Begun {
        definition: json_of(json!("inner")),
        store: json_of(json!({"x": 0, "y": 0})),
    });
    Record {
        key,
        begun,
        outcome,
    }
}

fn step(run: &str, step: u64, change: serde_json::Value) -> Record {
    let done = Step {
        action: "default".into(),
        change: json_of(change),
        position: json_of(json!(step)),
    };
    record(key(run, step, Part::Step), Outcome::Step(done))
}

fn wait(run: &str, step: u64, field: &str, until: Option<u64>) -> Record {
    let wait = Wait {
        field: field.into(),
        visit: 1,
        position: json_of(json!("at the wait")),
        until,
        value: None,
        refused: None,
    };
    record(key(run, step, Part::Wait), Outcome::Wait(wait))
}

fn attempt(run: &str, step: u64, number: u32, due: u64) -> Record {
    let attempt = Attempt {
        path: "Shop > pay".into(),
        of: 5,
        due,
        causes: vec!["refused".into()],
    };
    record(
        key(run, step, Part::Attempt(item(1), number)),
        Outcome::Attempt(attempt),
    )
}

fn entry(records: Vec<Record>) -> Entry {
    Entry {
        program: None,
        definition: None,
        attempt: None,
        at: 9,
        records,
        end: None,
    }
}

fn end(why: Why) -> End {
    let at = Some("Shop > pay".into());
    End {
        at,
        problem: None,
        why,
    }
}

fn suspended() -> Why {
    Why::Suspended(RunError {
        message: "it waits".into(),
        path: Vec::new(),
        item: None,
        stage: String::new(),
        attempts: 0,
        causes: Vec::new(),
    })
}

#[test]
fn a_step_changes_its_fields_and_forgets_what_was_recorded_of_it() {
    let mut run = run();
    let result = Outcome::Item(json_of(json!("one")));
    run.fold(&entry(vec![
        record(key("", 4, Part::Item(item(1))), result.clone()),
        step("4/docs[1]", 1, json!({"x": 5})),
        step("4/docs[1]/1/parts[0]", 1, json!({"x": 6})),
        step("40/docs[1]", 1, json!({"x": 7})),
    ]));
    assert_eq!(text(&run.log.inner["4/docs[1]"].store), r#"{"x":5,"y":0}"#);
    assert!(!run.store_changed);
    run.fold(&entry(vec![step("", 4, json!({"b": 3}))]));
    assert_eq!(run.store(), r#"{"a":1,"b":3}"#);
    assert!(run.store_changed);
    assert_eq!((run.meta.status.step, run.meta.status.updated), (4, 9));
    assert_eq!(run.log.inner.keys().collect::<Vec<_>>(), ["40/docs[1]"]);
    assert!(run.log.parts.is_empty());
}

#[test]
fn a_step_of_an_inner_run_forgets_the_inner_runs_in_it_and_keeps_its_siblings() {
    let mut run = run();
    run.fold(&entry(vec![
        step("4/docs[1]/2/parts[0]", 1, json!({})),
        step("4/docs[2]/2/parts[0]", 1, json!({})),
        step("4/docs[1]", 2, json!({"y": 1})),
    ]));
    let inner: Vec<_> = run.log.inner.keys().collect();
    assert_eq!(inner, ["4/docs[1]", "4/docs[2]/2/parts[0]"]);
}

#[test]
fn an_attempt_replaces_the_earlier_one_and_a_result_ends_them() {
    let mut run = run();
    run.fold(&entry(vec![attempt("", 4, 2, 100), attempt("", 4, 3, 200)]));
    assert_eq!(run.log.parts.len(), 1);
    let next = run.clone().close(&end(suspended()));
    assert_eq!(next, Next::BurstAt(8, 200));
    let result = Outcome::Item(json_of(json!("one")));
    run.fold(&entry(vec![record(
        key("", 4, Part::Item(item(1))),
        result,
    )]));
    assert!(
        !run.log
            .parts
            .keys()
            .any(|key| matches!(key.part, Part::Attempt(..)))
    );
}

#[test]
fn a_run_that_waits_reports_its_waits_and_wakes_for_the_first_deadline() {
    let mut run = run();
    run.fold(&entry(vec![
        wait("4/docs[1]", 2, "approval", Some(500)),
        wait("4/docs[2]", 1, "", Some(300)),
        attempt("4/docs[3]", 1, 2, 400),
    ]));
    let next = run.close(&end(suspended()));
    assert_eq!(next, Next::BurstAt(8, 300));
    let status = &run.meta.status;
    assert_eq!(status.status, Status::Waiting);
    assert_eq!(status.waits.len(), 1);
    assert_eq!(status.waits[0].name, "approval#1");
    assert_eq!(status.waits[0].inner.as_deref(), Some("4/docs[1]"));
    assert_eq!(run.log.inner["4/docs[1]"].visits["approval"], 1);
    let position = run.log.inner["4/docs[1]"].position.as_ref();
    assert_eq!(position.unwrap().text(), "\"at the wait\"");
    let approval = key("4/docs[1]", 2, Part::Wait);
    run.answer(&approval, json_of(json!("yes")));
    assert!(run.meta.status.waits.is_empty());
    assert_eq!(run.waits().count(), 0);
}

#[test]
fn a_run_that_sleeps_says_until_when() {
    let mut run = run();
    run.fold(&entry(vec![
        wait("", 4, "", Some(300)),
        attempt("4/docs[3]", 1, 2, 250),
    ]));
    assert_eq!(run.close(&end(suspended())), Next::BurstAt(8, 250));
    let status = &run.meta.status;
    assert_eq!((status.status, status.until), (Status::Sleeping, Some(250)));
    assert_eq!(status.next_attempt.as_ref().unwrap().number, 2);
}

#[test]
fn a_run_that_nothing_would_wake_has_failed() {
    let mut run = run();
    assert_eq!(run.close(&end(suspended())), Next::Over);
    assert_eq!(run.meta.status.status, Status::Failed);
    assert_eq!(run.meta.status.error.unwrap().message, "it waits");
}

#[test]
fn a_retry_keeps_what_is_recorded_but_not_the_attempts() {
    let mut run = run();
    let result = Outcome::Item(json_of(json!("one")));
    run.fold(&entry(vec![
        record(key("", 4, Part::Item(item(2))), result),
        attempt("", 4, 2, 100),
    ]));
    run.close(&end(Why::Cancelled));
    assert_eq!(run.meta.status.status, Status::Cancelled);
    assert_eq!(run.retry(10), Next::Burst(9));
    assert_eq!(run.meta.status.status, Status::Running);
    assert_eq!(run.log.parts.len(), 1);
}

#[test]
fn the_state_of_a_run_comes_back_as_it_was() {
    let mut run = run();
    run.fold(&entry(vec![
        wait("4/docs[1]", 2, "approval", None),
        step(
            "4/docs[2]",
            1,
            json!({"x": 18446744073709551615u64, "y": {"$ron": "NaN"}}),
        ),
    ]));
    let (meta, log) = (
        serde_json::to_string(&run.meta).unwrap(),
        serde_json::to_string(&run.log).unwrap(),
    );
    let again = Run::read(serde_json::from_str(&meta).unwrap(), &run.store(), &log).unwrap();
    assert_eq!(again.log, run.log);
    assert_eq!(serde_json::to_string(&again.meta).unwrap(), meta);
}

#[test]
fn a_run_has_another_name_than_one_of_another_flow_and_than_a_removed_one() {
    let named = |flow: &str, created| {
        let mut run = run();
        run.meta.status.flow = flow.to_owned();
        run.meta.status.run = "order-17".to_owned();
        run.meta.status.created = created;
        run.meta.name()
    };
    assert_eq!(named("Shop", 5), "Shop/order-17@5");
    assert_eq!(named("Refund", 5), "Refund/order-17@5");
    assert_eq!(named("Shop", 6), "Shop/order-17@6");
}

#[test]
fn the_store_for_people_has_the_members_of_flattened_fields() {
    let flat = |store: serde_json::Value| {
        let store = serde_json::from_str(&store.to_string()).unwrap();
        serde_json::from_str::<serde_json::Value>(&text(&flattened(&store))).unwrap()
    };
    let stored = json!({"a": 1, "..rest": {"b": 2, "c": [3.50]}, "..more": {"d": {}}});
    assert_eq!(flat(stored), json!({"a": 1, "b": 2, "c": [3.50], "d": {}}));
    // What would be lost stays as it is stored.
    for stored in [
        json!({"a": 1, "..rest": {"a": 2}}),
        json!({"a": 1, "..rest": {"$ron": "{(1,2):3}"}}),
        json!({"a": {"$ron": "inf"}, "..rest": 7}),
    ] {
        assert_eq!(flat(stored.clone()), stored);
    }
}

#[test]
fn a_problem_lasts_until_the_next_burst_ends() {
    let mut run = run();
    let away = End {
        problem: Some("the server is away".into()),
        ..end(Why::GoesOn)
    };
    run.close(&away);
    let status = &run.meta.status;
    assert_eq!(
        (status.status, status.problem.as_deref()),
        (Status::Running, Some("the server is away"))
    );
    let mut retried = run.clone();
    retried.retry(5);
    assert_eq!(retried.meta.status.problem, None);
    let mut cancelled = run.clone();
    cancelled.meta.cancel(5);
    assert_eq!(cancelled.meta.status.problem, None);
    run.close(&end(Why::GoesOn));
    assert_eq!(run.meta.status.problem, None);
}
