//! What is recorded of flows of each shape.

mod brief;
mod inner;
mod others;

use std::time::Duration;

use brief::brief;
use pocketflow::{Action, Attempt, Error, Failed, Reads, Shared, flow, node};
use pocketflow_record::{ModelCall, Outcome, Record, Recording, note};
use serde::Serialize;

#[derive(Shared, Default, Serialize)]
struct Order {
    total: u64,
    note: Option<String>,
    receipt: Option<String>,
    problem: Option<Failed>,
    rounds: u32,
    items: Vec<String>,
    done: Vec<String>,
}

#[derive(Action, Serialize)]
#[action(Order)]
enum Verdict {
    Approved,
    #[action("again")]
    Again {
        rounds: u32,
    },
}

#[node(Order)]
fn review(total: &u64, rounds: &u32) -> Verdict {
    match rounds {
        0..3 if *total > 100 => Verdict::Again { rounds: rounds + 1 },
        _ => Verdict::Approved,
    }
}

#[node(Order, writes = receipt)]
async fn pay(total: &u64) -> String {
    format!("{total} cents")
}

fn order(total: u64) -> Order {
    Order {
        total,
        ..Order::default()
    }
}

const EMPTY: &str = "note=null receipt=null problem=null rounds=0 items=[] done=[]";

mod plain {
    use super::*;

    flow! {
        Checkout: Order {
            review - "approved" >> pay;
            review - "again" >> review max 2 else pay;
        }
    }

    #[tokio::test]
    async fn each_step_has_its_attempt_its_exec_and_what_it_has_changed() {
        let record = Record::in_memory();
        let mut order = order(50);
        Checkout.with(&record).run(&mut order).await.unwrap();
        assert_eq!(
            brief(&record.text()),
            [
                &*format!("0: run Checkout total=50 {EMPTY}"),
                "0.1: step review",
                "0.1: attempt 1/1 of review",
                r#"0.1: exec review = "Approved""#,
                r#"0.1: taken "approved" >> 1"#,
                "0.2: step pay",
                "0.2: attempt 1/1 of pay",
                r#"0.2: exec pay = "50 cents""#,
                r#"0.2: taken "default" >> end 0 receipt="50 cents""#,
                r#"0: end "default""#,
            ]
        );
        record.finish().unwrap();
    }

    #[tokio::test]
    async fn a_bounded_edge_is_counted_until_its_bound_is_used_up() {
        let record = Record::in_memory();
        Checkout.with(&record).run(&mut order(500)).await.unwrap();
        let taken = brief(&record.text());
        let taken: Vec<_> = taken.iter().filter(|line| line.contains("taken")).collect();
        assert_eq!(
            taken,
            [
                r#"0.1: taken "again" >> 0 1/2 rounds=1"#,
                r#"0.2: taken "again" >> 0 2/2 rounds=2"#,
                r#"0.3: taken "again" >> 1 2/2 rounds=3"#,
                r#"0.4: taken "default" >> end 0 receipt="500 cents""#,
            ]
        );
        let recording = Recording::read(record.text()).unwrap();
        assert_eq!(recording.runs()[0].run.max_steps, Some(Checkout::MAX_STEPS));
    }

    #[tokio::test]
    async fn the_graph_is_the_one_of_the_flow() {
        let record = Record::in_memory();
        Checkout.with(&record).run(&mut order(1)).await.unwrap();
        Checkout.with(&record).run(&mut order(1)).await.unwrap();
        let recording = Recording::read(record.text()).unwrap();
        assert_eq!(recording.runs().len(), 2);
        // It is written once.
        let [graph] = recording.graphs() else {
            panic!("{:?}", recording.graphs())
        };
        let fingerprint = Checkout::GRAPH.fingerprint();
        assert_eq!(graph.fingerprint, format!("{fingerprint:016x}"));
        let [review, pay] = &graph.places[..] else {
            panic!("{graph:?}")
        };
        assert_eq!(review.reads, ["total", "rounds"]);
        assert_eq!(review.writes, ["rounds"]);
        assert_eq!(review.actions, ["approved", "again"]);
        assert_eq!(pay.writes, ["receipt"]);
        let bounds: Vec<_> = graph
            .edges
            .iter()
            .map(|edge| edge.bound.as_ref().map(|bound| bound.max))
            .collect();
        assert_eq!(bounds, [None, Some(2), None]);
    }

    #[tokio::test]
    async fn a_record_of_the_steps_has_no_values() {
        struct NotSerialize;
        #[node(Order, writes = receipt)]
        impl Odd {
            async fn exec(&self) -> NotSerialize {
                NotSerialize
            }
            fn post(&self, shared: &mut Order, exec: NotSerialize) {
                let NotSerialize = exec;
                shared.receipt = Some("odd".into());
            }
        }
        struct Odd;
        flow! { Strange: Order { Odd; } }
        let record = Record::in_memory().steps_only();
        Strange.with(&record).run(&mut order(1)).await.unwrap();
        assert_eq!(
            brief(&record.text())[1..],
            [
                "0.1: step Odd",
                "0.1: attempt 1/1 of Odd",
                "0.1: exec Odd",
                r#"0.1: taken "default" >> end 0 receipt="odd""#,
                r#"0: end "default""#,
            ]
        );
        let recording = Recording::read(record.text()).unwrap();
        assert!(!recording.runs()[0].run.values);
    }
}

mod values {
    use std::collections::BTreeMap;

    use serde_json::value::RawValue;

    use super::*;

    #[derive(Shared, Default, Serialize)]
    struct Odd {
        raw: Box<RawValue>,
        by_pair: BTreeMap<(u8, u8), u8>,
        #[serde(skip)]
        skipped: std::sync::Mutex<u8>,
        #[serde(serialize_with = "as_text")]
        with: u8,
        large: u128,
        score: f64,
    }

    fn as_text<S: serde::Serializer>(with: &u8, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(with)
    }

    #[node(Odd, writes = raw)]
    fn reformat(large: &u128) -> Box<RawValue> {
        RawValue::from_string(format!(
            "{{\r\n  \"a\": \"b\\n\",\n  \"large\": {large}\n}}"
        ))
        .unwrap()
    }

    #[node(Odd, writes = by_pair)]
    fn fill(with: &u8) -> BTreeMap<(u8, u8), u8> {
        BTreeMap::from([((1, 2), *with)])
    }

    flow! { Strange: Odd { reformat >> fill; } }

    #[tokio::test]
    async fn what_json_does_not_hold_is_marked_and_lines_stay_lines() {
        let record = Record::in_memory();
        let mut odd = Odd {
            large: u128::MAX,
            score: f64::NAN,
            ..Odd::default()
        };
        Strange.with(&record).run(&mut odd).await.unwrap();
        let lines = brief(&record.text());
        assert_eq!(
            lines[0],
            format!(
                r#"0: run Strange raw=null by_pair={{}} with="0" large={} score={{"$unwritable":"JSON has no number for NaN and infinities"}}"#,
                u128::MAX
            )
        );
        let raw = format!(r#"{{    "a": "b\n",   "large": {} }}"#, u128::MAX);
        assert_eq!(lines[3], format!("0.1: exec reformat = {raw}"));
        assert_eq!(lines[4], format!(r#"0.1: taken "default" >> 1 raw={raw}"#));
        assert_eq!(
            lines[8],
            r#"0.2: taken "default" >> end 0 by_pair={"$unwritable":"key must be a string"}"#
        );
    }
}

mod failures {
    use super::*;

    #[derive(Debug)]
    struct Refused(std::io::Error);
    impl std::fmt::Display for Refused {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the bank refused")
        }
    }
    impl std::error::Error for Refused {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[node(Order, writes = receipt, attempts = 3)]
    async fn charge(total: &u64, #[attempt] attempt: Attempt<'_>) -> Result<String, Refused> {
        if *total < 100 && attempt.number() == 2 {
            return Ok("charged".into());
        }
        Err(Refused(std::io::Error::other("no connection")))
    }

    #[node(Order, writes = receipt, attempts = 3, retry_if = never)]
    async fn charge_once() -> Result<String, Refused> {
        Err(Refused(std::io::Error::other("no connection")))
    }

    fn never(_: &Refused) -> bool {
        false
    }

    #[node(Order, writes = receipt, timeout = "1s")]
    async fn hang() -> String {
        std::future::pending().await
    }

    #[node(Order)]
    fn release(problem: &Failed) {
        let _ = problem;
    }

    #[node(Order, writes = receipt, attempts = 2, fallback = later)]
    async fn charge_or_not() -> Result<String, Refused> {
        Err(Refused(std::io::Error::other("no connection")))
    }

    fn later(_: &Reads<'_, charge_or_not>, error: Error) -> Result<String, Refused> {
        Ok(format!("later, because {}", error.cause()))
    }

    flow! { Fallback: Order { charge_or_not; } }
    flow! { Retry: Order { charge; } }
    flow! { Once: Order { charge_once; } }
    flow! { Hang: Order { hang; } }
    flow! {
        Careful: Order {
            charge >> end;
            charge - error(problem) >> release >> end "released";
        }
    }

    #[tokio::test]
    async fn an_attempt_that_failed_has_the_chain_of_causes() {
        let record = Record::in_memory();
        Retry.with(&record).run(&mut order(50)).await.unwrap();
        assert_eq!(
            brief(&record.text())[1..],
            [
                "0.1: step charge",
                "0.1: attempt 1/3 of charge failed: the bank refused | no connection",
                "0.1: attempt 2/3 of charge",
                r#"0.1: exec charge = "charged""#,
                r#"0.1: taken "default" >> end 0 receipt="charged""#,
                r#"0: end "default""#,
            ]
        );
    }

    #[tokio::test]
    async fn a_run_that_failed_says_where_and_why() {
        let record = Record::in_memory();
        let result = Retry.with(&record).run(&mut order(500)).await;
        let error = format!("{:#}", result.unwrap_err());
        assert_eq!(error.matches(": ").count(), 3, "{error}");
        let chain = "failed: Retry > charge: exec failed at attempt 3 of 3 | the bank refused | no connection";
        assert_eq!(
            brief(&record.text())[4..],
            [
                "0.1: attempt 3/3 of charge failed: the bank refused | no connection",
                &*format!("0.1: exec charge {chain} (failure)"),
                &*format!("0.1: failed at Retry > charge {chain}"),
                &*format!("0: end {chain} at Retry > charge"),
            ]
        );
        let recording = Recording::read(record.text()).unwrap();
        let run = &recording.runs()[0];
        assert!(matches!(run.outcome(), Outcome::Failed([_, _, last]) if last == "no connection"));
        let exec = &run.steps[0].execs[0];
        assert_eq!(exec.stage.as_deref(), Some("exec failed at attempt 3 of 3"));
        assert_eq!(exec.attempts, Some(3));
    }

    #[tokio::test]
    async fn a_fallback_is_in_the_exec_and_not_in_an_attempt() {
        let record = Record::in_memory();
        Fallback.with(&record).run(&mut order(1)).await.unwrap();
        assert_eq!(
            brief(&record.text())[3..5],
            [
                "0.1: attempt 2/2 of charge_or_not failed: the bank refused | no connection",
                r#"0.1: exec charge_or_not = "later, because the bank refused""#,
            ]
        );
    }

    #[tokio::test]
    async fn a_failure_that_is_not_tried_again_says_so() {
        let record = Record::in_memory();
        let _ = Once.with(&record).run(&mut order(500)).await;
        assert_eq!(
            brief(&record.text())[2],
            "0.1: attempt 1/3 of charge_once failed: the bank refused | no connection (gives up)"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_is_marked() {
        let record = Record::in_memory();
        let _ = Hang.with(&record).run(&mut order(500)).await;
        assert_eq!(
            brief(&record.text())[2],
            "0.1: attempt 1/1 of hang failed: no result within 1s (timed out)"
        );
    }

    #[tokio::test]
    async fn an_error_edge_is_taken_and_fills_its_field() {
        let record = Record::in_memory();
        let exit = Careful.with(&record).run(&mut order(500)).await.unwrap();
        assert_eq!(exit, CarefulExit::Released);
        let lines = brief(&record.text());
        let taken = &lines[6];
        assert!(
            taken.starts_with(
                r#"0.1: taken "error" >> 1 (failed) problem={"path":["Careful","charge"]"#
            ),
            "{taken}"
        );
        assert_eq!(lines.last().unwrap(), r#"0: end "released""#);
    }

    #[tokio::test]
    async fn a_dropped_run_says_so() {
        let record = Record::in_memory();
        {
            let mut order = order(1);
            let run = Hang.with(&record).run(&mut order);
            let stopped = tokio::time::timeout(Duration::from_millis(1), run).await;
            assert!(stopped.is_err());
        }
        assert_eq!(brief(&record.text())[1..], ["0.1: step hang", "0: dropped"]);
        let recording = Recording::read(record.text()).unwrap();
        let run = &recording.runs()[0];
        assert_eq!(run.outcome(), Outcome::Unfinished);
        assert!(!run.dropped.as_ref().unwrap().panicked);
    }

    #[node(Order)]
    async fn crash(rounds: &u32) {
        assert_ne!(*rounds, 0, "this node panics");
    }

    flow! { Crash: Order { crash; } }

    #[tokio::test]
    async fn a_run_that_panics_says_so() {
        let record = Record::in_memory();
        let inside = record.clone();
        let task = tokio::spawn(async move { Crash.with(&inside).run(&mut order(1)).await });
        assert!(task.await.unwrap_err().is_panic());
        assert_eq!(
            brief(&record.text())[1..],
            ["0.1: step crash", "0: dropped by a panic"]
        );
    }

    /// The node writes a confidential field, or not. Its value is kept back until that is known.
    #[derive(Shared, Default)]
    struct Vault {
        #[shared(redact)]
        code: Option<String>,
    }

    struct Guess;

    #[node(Vault)]
    impl Guess {
        fn exec(&self) -> String {
            "a confidential code".to_owned()
        }

        fn post(&self, shared: &mut Vault, exec: String) {
            panic!("{exec}: {:?}", shared.code);
        }
    }

    flow! { Open: Vault { Guess; } }

    #[tokio::test]
    async fn a_post_that_panics_leaves_the_exec_without_its_value() {
        let record = Record::in_memory();
        let inside = record.clone();
        let task = tokio::spawn(async move { Open.with(&inside).run(&mut Vault::default()).await });
        assert!(task.await.unwrap_err().is_panic());
        let recording = Recording::read(record.text()).unwrap();
        let exec = &recording.runs()[0].steps[0].execs[0];
        assert!(exec.redacted && exec.value.is_none());
        assert!(recording.runs()[0].dropped.as_ref().unwrap().panicked);
    }
}

mod batches {
    use super::*;

    #[node(Order, writes = done, parallel = 2)]
    async fn pack(#[each(items)] item: &str) -> Result<String, String> {
        if item == "bad" {
            return Err("it is broken".into());
        }
        // The first one takes longest.
        tokio::time::sleep(Duration::from_millis(if item == "slow" { 50 } else { 10 })).await;
        Ok(item.to_uppercase())
    }

    #[derive(Shared, Default)]
    struct Parts {
        items: Vec<String>,
        done: Vec<String>,
        problems: Vec<Failed>,
    }

    #[node(Parts, writes = done, failures = problems)]
    fn check(#[each(items)] item: &str) -> Result<String, String> {
        match item {
            "bad" => Err("it is broken".into()),
            _ => Ok(item.into()),
        }
    }

    flow! { Packing: Order { pack; } }
    flow! { Checking: Parts { check; } }

    #[tokio::test(start_paused = true)]
    async fn each_item_has_its_attempts_and_its_exec() {
        let record = Record::in_memory();
        let mut order = Order {
            items: vec!["slow".into(), "b".into(), "c".into()],
            ..Order::default()
        };
        Packing.with(&record).run(&mut order).await.unwrap();
        assert_eq!(
            brief(&record.text())[1..],
            [
                "0.1: step pack",
                "0.1 item 1: attempt 1/1 of pack",
                r#"0.1 item 1: exec pack of 3 = "B""#,
                "0.1 item 2: attempt 1/1 of pack",
                r#"0.1 item 2: exec pack of 3 = "C""#,
                "0.1 item 0: attempt 1/1 of pack",
                r#"0.1 item 0: exec pack of 3 = "SLOW""#,
                r#"0.1: taken "default" >> end 0 done=["SLOW","B","C"]"#,
                r#"0: end "default""#,
            ]
        );
    }

    #[tokio::test]
    async fn failures_of_items_are_in_their_field() {
        let record = Record::in_memory();
        let mut parts = Parts {
            items: vec!["a".into(), "bad".into()],
            ..Parts::default()
        };
        Checking.with(&record).run(&mut parts).await.unwrap();
        let lines = brief(&record.text());
        assert_eq!(
            lines[4..6],
            [
                "0.1 item 1: attempt 1/1 of check failed: it is broken",
                "0.1 item 1: exec check of 2 failed: Checking > check[1]: exec failed | it is broken (failure)",
            ]
        );
        assert!(
            lines[6].starts_with(r#"0.1: taken "default" >> end 0 done=["a"] problems=[{"path":"#),
            "{}",
            lines[6]
        );
    }
}

mod forks_and_nested_flows {
    use super::*;

    #[derive(Shared, Default)]
    struct Article {
        topic: String,
        facts: Option<String>,
        figures: Vec<u32>,
        text: Option<String>,
        problem: Option<Failed>,
    }

    #[node(Article, writes = facts)]
    async fn facts(topic: &str) -> String {
        format!("facts about {topic}")
    }

    #[node(Article, writes = figures)]
    async fn figures(#[each(figures)] figure: &u32) -> u32 {
        figure + 1
    }

    #[node(Article, writes = text)]
    fn write(facts: &str) -> Result<String, String> {
        if facts.ends_with("nothing") {
            return Err("there is nothing to write".into());
        }
        Ok(facts.to_uppercase())
    }

    #[node(Article)]
    fn apologize() {}

    flow! { Gather: Article { (facts, figures) >> write; } }
    flow! {
        Publish: Article {
            Gather >> end;
            Gather - error(problem) >> apologize;
        }
    }
    flow! { Deep: Article { Publish >> apologize; } }

    #[tokio::test]
    async fn a_fork_is_one_step_and_a_nested_flow_is_none() {
        let record = Record::in_memory();
        let mut article = Article {
            topic: "rain".into(),
            figures: vec![1, 2],
            ..Article::default()
        };
        Deep.with(&record).run(&mut article).await.unwrap();
        assert_eq!(
            brief(&record.text()),
            [
                r#"0: run Deep topic="rain" facts=null figures=[1,2] text=null problem=null"#,
                "0: enter Publish",
                "0: enter Publish > Gather",
                "0.1: step Publish > Gather > (facts, figures)",
                "0.1 branch 0: attempt 1/1 of facts",
                r#"0.1 branch 0: exec facts = "facts about rain""#,
                "0.1 branch 1 item 0: attempt 1/1 of figures",
                "0.1 branch 1 item 0: exec figures of 2 = 2",
                "0.1 branch 1 item 1: attempt 1/1 of figures",
                "0.1 branch 1 item 1: exec figures of 2 = 3",
                r#"0.1: taken "default" >> 1 facts="facts about rain" figures=[2,3]"#,
                "0.2: step Publish > Gather > write",
                "0.2: attempt 1/1 of write",
                r#"0.2: exec write = "FACTS ABOUT RAIN""#,
                r#"0.2: taken "default" >> end 0 text="FACTS ABOUT RAIN""#,
                r#"0: leave Publish > Gather "default" >> end 0"#,
                r#"0: leave Publish "default" >> 1"#,
                "0.3: step apologize",
                "0.3: attempt 1/1 of apologize",
                "0.3: exec apologize = null",
                r#"0.3: taken "default" >> end 0"#,
                r#"0: end "default""#,
            ]
        );
        // The graphs inside come first.
        let recording = Recording::read(record.text()).unwrap();
        let names: Vec<_> = recording
            .graphs()
            .iter()
            .map(|graph| &*graph.name)
            .collect();
        assert_eq!(names, ["Gather", "Publish", "Deep"]);
        let run = &recording.runs()[0];
        let nested: Vec<_> = run
            .nested
            .iter()
            .map(|nested| nested.steps.clone())
            .collect();
        assert_eq!(nested, [0..2, 0..2]);
    }

    #[tokio::test]
    async fn a_nested_flow_that_failed_is_left_along_its_error_edge() {
        let record = Record::in_memory();
        let mut article = Article {
            topic: "nothing".into(),
            ..Article::default()
        };
        Publish.with(&record).run(&mut article).await.unwrap();
        let lines = brief(&record.text());
        let failed = lines
            .iter()
            .position(|line| line.contains(": failed at"))
            .unwrap();
        assert_eq!(
            lines[failed],
            "0.2: failed at Publish > Gather > write failed: Publish > Gather > write: exec failed | there is nothing to write"
        );
        assert!(
            lines[failed + 1]
                .starts_with(r#"0: leave Gather "error" >> 1 (failed) problem={"path":"#),
            "{}",
            lines[failed + 1]
        );
        let recording = Recording::read(record.text()).unwrap();
        let run = &recording.runs()[0];
        assert_eq!(run.outcome(), Outcome::Exit("default"));
        let problem = run.state_at_end().get("problem").unwrap().to_owned();
        assert_eq!(problem, serde_json::to_string(&article.problem).unwrap());
        // It is filled when the nested flow is left, and not by a step.
        assert_eq!(run.state_after(1).get("problem"), Some("null"));
    }
}

mod notes {
    use super::*;

    #[node(Order, writes = note, attempts = 2)]
    async fn ask(#[attempt] attempt: Attempt<'_>) -> Result<String, String> {
        ModelCall::new("m")
            .operation("chat")
            .tokens(10, attempt.number().into())
            .content("a prompt", "a reply")
            .note();
        match attempt.number() {
            1 => Err("busy".into()),
            _ => Ok("answer".into()),
        }
    }

    #[node(Order, writes = done)]
    fn tag(#[each(items)] item: &str) -> String {
        note("tag", &item.len());
        item.into()
    }

    #[node(Order, writes = receipt, attempts = 2, fallback = smaller)]
    async fn large() -> Result<String, String> {
        note("large", &1);
        Err("busy".into())
    }

    async fn smaller(_: &Reads<'_, large>, _: Error) -> Result<String, String> {
        note("smaller", &2);
        Ok("small".into())
    }

    flow! { Smaller: Order { large; } }
    flow! { Ask: Order { ask >> tag; } }

    fn order() -> Order {
        Order {
            items: vec!["a".into(), "bcd".into()],
            ..Order::default()
        }
    }

    fn notes(record: &str) -> Vec<String> {
        let lines = brief(record).into_iter();
        lines.filter(|line| line.contains(": note of")).collect()
    }

    #[tokio::test]
    async fn a_note_belongs_to_its_attempt_and_has_no_content() {
        let record = Record::in_memory();
        Ask.with(&record).run(&mut order()).await.unwrap();
        let text = record.text();
        assert!(
            !text.contains("prompt") && !text.contains("reply"),
            "{text}"
        );
        assert_eq!(
            notes(&text),
            [
                r#"0.1: note of ask at 1: model = {"input_tokens":10,"model":"m","operation":"chat","output_tokens":1}"#,
                r#"0.1: note of ask at 2: model = {"input_tokens":10,"model":"m","operation":"chat","output_tokens":2}"#,
                "0.2 item 0: note of tag at 1: tag = 1",
                "0.2 item 1: note of tag at 1: tag = 3",
            ]
        );
    }

    #[tokio::test]
    async fn content_is_recorded_if_it_is_asked_for() {
        let record = Record::in_memory().content(true);
        Ask.with(&record).run(&mut order()).await.unwrap();
        assert!(
            notes(&record.text())[0].ends_with(r#""prompt":"a prompt","reply":"a reply"}"#),
            "{:?}",
            notes(&record.text())
        );
        let recording = Recording::read(record.text()).unwrap();
        assert!(recording.runs()[0].run.content);
    }

    #[tokio::test]
    async fn two_records_of_one_run_have_the_same_notes() -> Result<(), Error> {
        let (outer, inner) = (Record::in_memory(), Record::in_memory());
        Ask.with(&outer).with(&inner).run(&mut order()).await?;
        assert_eq!(brief(&outer.text()), brief(&inner.text()));
        assert_eq!(notes(&outer.text()).len(), 4);
        Ok(())
    }

    #[tokio::test]
    async fn a_fallback_has_notes_as_well() {
        let (outer, inner) = (Record::in_memory(), Record::in_memory());
        let run = Smaller.with(&outer).with(&inner);
        run.run(&mut order()).await.unwrap();
        for record in [outer, inner] {
            assert_eq!(
                notes(&record.text()),
                [
                    "0.1: note of large at 1: large = 1",
                    "0.1: note of large at 2: large = 1",
                    "0.1: note of large at 0: smaller = 2",
                ]
            );
        }
    }

    #[tokio::test]
    async fn outside_a_record_a_note_does_nothing() {
        Ask.run(&mut order()).await.unwrap();
        note("nowhere", &1);
    }
}
