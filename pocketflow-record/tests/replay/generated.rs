//! Generated tests, and records from which lines are missing.

use std::collections::BTreeMap;

use pocketflow::{Shared, flow, node};
use pocketflow_record::{Record, Replay, ReplayErrorKind, generate_test, replay};
use serde::{Deserialize, Serialize};

use super::{exec_runs, record};

#[derive(Shared, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Desk {
    size: Option<usize>,
    twice: Option<usize>,
}

#[node(Desk, writes = size)]
async fn measure() -> usize {
    exec_runs();
    7
}

#[node(Desk, writes = twice)]
async fn double(size: &usize) -> usize {
    exec_runs();
    size * 2
}

flow! { Measure: Desk { measure >> double; } }

#[derive(Shared, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Office {
    desk: Desk,
    desks: Vec<Desk>,
}

flow! { Work: Office { Measure.on(desk) >> Measure.each(desks); } }
flow! { All: Office { Work; } }

fn office() -> Office {
    Office {
        desks: vec![Desk::default(), Desk::default()],
        ..Office::default()
    }
}

#[tokio::test]
async fn the_test_of_a_flow_on_fields_names_the_store() {
    let (text, _) = record(&Work, &mut office()).await;
    let code = generate_test(&text, None).unwrap().code("work.jsonl");
    assert!(
        code.contains("pocketflow_record::replay::<_, Office>(&Work, record).await?;"),
        "{code}"
    );
    // The lines compile:
    pocketflow_record::replay::<_, Office>(&Work, &text)
        .await
        .unwrap();

    let (text, _) = record(&All, &mut office()).await;
    let code = generate_test(&text, None).unwrap().code("all.jsonl");
    assert!(code.contains("replay::<_, Office>(&All, record)"), "{code}");
    let (text, _) = record(&Measure, &mut Desk::default()).await;
    let code = generate_test(&text, None).unwrap().code("measure.jsonl");
    assert!(code.contains("replay(&Measure, record)"), "{code}");
}

#[tokio::test]
async fn a_run_without_an_id_is_named_after_its_file() {
    let (text, _) = record(&Measure, &mut Desk::default()).await;
    let test = generate_test(&text, None).unwrap();
    assert_eq!(test.name, "measure_run_0");
    assert_eq!(test.in_file("runs/monday.jsonl").name, "measure_monday");

    let record = Record::in_memory();
    for _ in 0..2 {
        Measure
            .with(&record)
            .run(&mut Desk::default())
            .await
            .unwrap();
    }
    let test = generate_test(&record.text(), Some("1")).unwrap();
    assert_eq!(test.in_file("runs/monday.jsonl").name, "measure_monday_1");
}

/// A record without a line that has all of these parts.
fn without(record: &str, parts: &[&str]) -> String {
    let is_it = |line: &&str| parts.iter().all(|part| line.contains(part));
    assert_eq!(record.lines().filter(is_it).count(), 1, "{record}");
    let lines = record.split_inclusive('\n');
    lines.filter(|line| !is_it(line)).collect()
}

#[tokio::test]
async fn a_record_without_one_of_its_lines_is_not_replayed() {
    let (text, _) = record(&Work, &mut office()).await;
    for (parts, said) in [
        // The first step of an inner run, and the last one.
        (
            &["\"event\":\"taken\"", "\"size\":7", "\"run\":1,"][..],
            "step 1, `measure`, has no end",
        ),
        (
            &["\"event\":\"taken\"", "\"twice\":14", "\"run\":1,"][..],
            "step 2, `double`, has no end",
        ),
        (
            &["\"event\":\"end\"", "\"run\":1,"][..],
            "an inner run on `desk` in step 1 has no end",
        ),
        // The last step of the whole run.
        (
            &["\"event\":\"taken\"", "\"run\":0,", "\"desks\":"][..],
            "has no end",
        ),
    ] {
        let text = without(&text, parts);
        let error = replay::<_, Office>(&Work, &text).await.unwrap_err();
        assert!(
            matches!(error.kind(), ReplayErrorKind::Damaged { .. }),
            "{parts:?}: {error}"
        );
        assert!(error.to_string().contains(said), "{parts:?}: {error}");
        let error = generate_test(&text, None).unwrap_err();
        assert!(error.to_string().contains(said), "{parts:?}: {error}");
    }
    // Without an exec, there is nothing to give back.
    let less = without(&text, &["\"event\":\"exec\"", "\"run\":1,", "\"value\":7"]);
    assert!(replay::<_, Office>(&Work, &less).await.is_err());

    // A record that stops is whole as far as it goes.
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    while lines
        .pop()
        .is_some_and(|line| !line.contains("\"event\":\"graph\""))
    {
        let text = lines.concat();
        if text.contains("\"event\":\"run\"") {
            replay::<_, Office>(&Work, &text).await.unwrap();
            assert!(!generate_test(&text, None).unwrap().is_finished());
        }
    }
    assert!(generate_test(&text, None).unwrap().is_finished());
}

#[derive(Shared, Debug, Default, Serialize, Deserialize)]
struct Seats {
    #[shared(redact)]
    code: Option<String>,
    count: Option<usize>,
}

#[node(Seats)]
impl Seat {
    async fn exec(&self) -> BTreeMap<(u8, u8), String> {
        exec_runs();
        BTreeMap::from([((1, 2), "Ada".into())])
    }

    fn post(&self, exec: BTreeMap<(u8, u8), String>) {
        drop(exec);
    }
}

#[derive(Default)]
struct Seat;

#[node(Seats, writes = count)]
async fn count() -> usize {
    exec_runs();
    1
}

flow! { Plan: Seats { seat: Seat; seat >> count; } }

#[tokio::test]
async fn a_value_that_json_could_not_hold_is_left_to_you() {
    let plan = Plan { seat: Seat };
    let (text, _) = record(&plan, &mut Seats::default()).await;
    let code = generate_test(&text, None).unwrap().code("plan.jsonl");
    for line in [
        "    // JSON could not hold these values, so they are not in the record.\n",
        "        .node::<Seat>(|_reads, _attempt| todo!(\"a value of `Seat`\"));\n",
        "    run?;\n",
    ] {
        assert!(code.contains(line), "{code}");
    }

    // It stops before its end.
    let end = text.rfind("{\"event\":\"step\"").unwrap();
    let code = generate_test(&text[..end], None).unwrap();
    let code = code.code("plan.jsonl");
    assert!(
        code.contains("run.err().expect(\"it is not finished in the record\")"),
        "{code}"
    );
    // What the test does: the run stops where the record stops, and that is not an error of the replay.
    let stub = pocketflow::Stub::new().node::<Seat>(|_, _| Ok(BTreeMap::new()));
    let replay = Replay::of(&text[..end]).unwrap();
    let mut seats = Seats::default();
    let run = plan.with(&stub).with(&replay).run(&mut seats).await;
    let error = run.unwrap_err();
    assert!(
        error.find::<ReplayErrorKind>().is_none() && error.suspends(),
        "{error:?}"
    );
}
