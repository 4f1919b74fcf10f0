//! Generated tests, and records from which lines are missing.

use std::collections::BTreeMap;

use pocketflow::{Driver, Error, Run, Shared, StepInfo, Taken, flow, node};
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
        code.contains("run.err().expect(\"the record stops before its end\")"),
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

#[node(Desk, writes = twice)]
async fn stall(size: &usize) -> usize {
    std::future::pending::<()>().await;
    *size
}

#[node(Desk, writes = twice)]
async fn breaks(size: &usize) -> usize {
    assert_ne!(*size, 7, "it breaks");
    *size
}

flow! { Stall: Desk { measure >> stall; } }
flow! { Around: Desk { Stall; } }
flow! { Break: Desk { measure >> breaks; } }

/// Lets no run go on after its first step.
struct Halt;

impl<S: Shared> Driver<S> for Halt {
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        if info.step() > 1 {
            std::future::pending::<()>().await;
        }
        run.run(shared).await
    }
}

/// Records a run, and drops it after a minute.
macro_rules! dropped {
    ($flow:expr) => {{
        let record = Record::in_memory();
        let run = async {
            let run = $flow.with(&record);
            run.run(&mut Desk::default()).await.map(drop)
        };
        let minute = std::time::Duration::from_secs(60);
        tokio::time::timeout(minute, run).await.unwrap_err();
        record.text()
    }};
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_dropped_says_so_and_where() {
    let panicked = Record::in_memory();
    let task = tokio::spawn({
        let record = panicked.clone();
        async move { Break.with(&record).run(&mut Desk::default()).await.is_ok() }
    });
    assert!(task.await.unwrap_err().is_panic());

    for (text, dropped, why) in [
        (
            dropped!(Stall),
            "was dropped in step 2, `stall`",
            "future of the run was dropped in step 2",
        ),
        (
            dropped!(Around),
            "was dropped in step 2, `Stall > stall`",
            "awaited to its end",
        ),
        (
            dropped!(Measure.with(Halt)),
            "was dropped after step 1, `measure`",
            "future of the run was dropped after step 1",
        ),
        (
            panicked.text(),
            "was dropped by a panic in step 2, `breaks`",
            "mend what panicked",
        ),
    ] {
        let test = generate_test(&text, None).unwrap();
        assert!(!test.is_finished());
        let code = test.code("desk.jsonl");
        assert!(code.contains(&format!(": it {dropped}.\n")), "{code}");
        let says = test.why_unfinished().unwrap();
        assert!(says.contains(why), "{says}");
    }
    // Without the event, nothing says that it was dropped.
    let text = dropped!(Stall);
    let killed = text.rfind("{\"event\":\"dropped\"").unwrap();
    let test = generate_test(&text[..killed], None).unwrap();
    let says = test.why_unfinished().unwrap();
    assert!(
        says.starts_with("the record stops before the end"),
        "{says}"
    );
    let (text, _) = record(&Measure, &mut Desk::default()).await;
    let test = generate_test(&text, None).unwrap();
    assert_eq!((test.is_finished(), test.why_unfinished()), (true, None));
}
