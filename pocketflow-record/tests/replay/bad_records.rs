//! Records that cannot be replayed, and what the errors say.

use std::collections::BTreeMap;
use std::fs;

use pocketflow::{Shared, Stub, flow, node};
use pocketflow_record::{Record, Replay, ReplayError, ReplayErrorKind, generate_test};
use pocketflow_record::{replay, replay_all};
use serde::{Deserialize, Serialize};

use super::{exec_runs, record, replayed};

#[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    total: u64,
    #[shared(redact)]
    card: String,
    #[shared(redact)]
    token: Option<String>,
    receipt: Option<String>,
    approval: Option<String>,
}

#[node(Order, writes = token)]
async fn authorize(card: &str) -> String {
    exec_runs();
    format!("token of {card}")
}

#[node(Order, writes = receipt)]
async fn pay(token: &str, total: &u64) -> String {
    exec_runs();
    format!("{total} cents, {} letters", token.len())
}

flow! { Checkout: Order { authorize >> pay; } }
flow! { Pay: Order { total >> end; } }

#[node(Order, writes = total)]
async fn total(total: &u64) -> u64 {
    exec_runs();
    total + 1
}

fn order() -> Order {
    Order {
        total: 17,
        card: "4242424242424242".into(),
        ..Order::default()
    }
}

fn text<T>(result: Result<T, ReplayError>) -> String {
    result.err().expect("it is an error").to_string()
}

#[tokio::test]
async fn a_record_of_steps_only() {
    let record = Record::in_memory().steps_only();
    Pay.with(&record).run(&mut order()).await.unwrap();
    let only = "the record has only the steps, and no values of execs, so it cannot be replayed: record the run without `steps_only()`";
    assert_eq!(text(replay(&Pay, record.text()).await), only);
    assert_eq!(text(generate_test(&record.text(), None)), only);
}

#[tokio::test]
async fn a_confidential_value() {
    let mut then = order();
    let (record, _) = record(&Checkout, &mut then).await;
    assert!(!record.contains("4242"), "{record}");
    assert_eq!(
        text(replayed::<_, Order>(&Checkout, &record).await),
        "the value of `authorize` is confidential, so it is not in the record: give one with a stub, \
         `Stub::new().node::<authorize>(…)`, in `Flow.with(&stub).with(&replay)`"
    );

    // With a stub, the rest of the run is compared as well.
    let stub = Stub::new().node::<authorize>(|reads, _| Ok(format!("token of {}", reads.card)));
    let again = Replay::of(&record).unwrap();
    let mut now = Order {
        card: "another card".into(),
        ..Order::default()
    };
    Checkout
        .with(&stub)
        .with(&again)
        .run(&mut now)
        .await
        .unwrap();
    assert_eq!((now.total, now.receipt), (17, then.receipt));
    assert_eq!(now.token.as_deref(), Some("token of another card"));

    // And that is what the generated test does.
    let test = generate_test(&record, None).unwrap();
    let code = test.code("checkout.jsonl");
    let (_, code) = code.split_once('\n').unwrap();
    assert_eq!(
        code,
        r#"#[tokio::test]
async fn checkout_run_0() -> Result<(), Box<dyn std::error::Error>> {
    // These values are confidential, so they are not in the record.
    let stub = pocketflow::Stub::new()
        .node::<authorize>(|_reads, _attempt| todo!("a value of `authorize`"));
    let record = include_str!("checkout.jsonl");
    let replay = pocketflow_record::Replay::of(record)?;
    let mut store = Order::default();
    let run = Checkout.with(&stub).with(&replay).run(&mut store).await;
    run?;
    Ok(())
}
"#
    );
}

#[derive(Shared, Debug, Default, Serialize, Deserialize)]
struct Seats {
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

struct Seat;

flow! { Plan: Seats { seat: Seat; seat >> end; } }

#[tokio::test]
async fn a_value_that_json_cannot_hold() {
    let plan = Plan { seat: Seat };
    let (record, _) = record(&plan, &mut Seats::default()).await;
    assert_eq!(
        text(replayed::<_, Seats>(&plan, &record).await),
        "the value of `Seat` is not in the record, because JSON could not hold it (key must be a string): give one with a stub, \
         `Stub::new().node::<Seat>(…)`, in `Flow.with(&stub).with(&replay)`"
    );
}

#[tokio::test]
async fn a_record_of_another_flow() {
    let (record, _) = record(&Pay, &mut order()).await;
    let other =
        "the record is of `Pay`, and not of `Checkout`: replay it on the flow that it is of";
    assert_eq!(text(replay(&Checkout, &record).await), other);
    assert_eq!(text(replayed::<_, Order>(&Checkout, &record).await), other);
}

#[tokio::test]
async fn several_runs_in_one_record() {
    let record = Record::in_memory();
    Pay.with(&record).run(&mut order()).await.unwrap();
    Pay.with(&record).run(&mut order()).await.unwrap();
    let stub = Stub::new().node::<authorize>(|_, _| Ok("token".into()));
    Checkout
        .with(&record)
        .with(&stub)
        .run(&mut order())
        .await
        .unwrap();
    let record = record.text();

    assert_eq!(replay(&Pay, &record).await.unwrap(), 2);
    assert_eq!(
        text(Replay::of(&record)),
        "the record has 3 runs, and one is to be replayed: choose one of `0`, `1` and `2` with `Replay::run_of`, or take all with `Replay::all`"
    );
    assert_eq!(Replay::run_of(&record, "1").unwrap().flow(), "Pay");
    assert_eq!(
        text(Replay::run_of(&record, "order-17\u{1b}[2J")),
        "the record has no run `order-17\\u{1b}[2J`: it has `0`, `1` and `2`"
    );
    let test = generate_test(&record, Some("1")).unwrap();
    assert_eq!(replay(&Pay, &test.fixture).await.unwrap(), 1);
    assert_eq!(test.fixture.matches("\"event\":\"graph\"").count(), 1);
    assert_eq!(test.fixture.matches("\"event\":\"run\"").count(), 1);
}

#[tokio::test]
async fn a_text_that_is_not_a_whole_record() {
    assert!(text(replay(&Pay, "").await).contains("this is not a record"));
    let newer = "{\"pocketflow_record\":99,\"library\":\"9.0.0\"}\n";
    assert!(text(replay(&Pay, newer).await).contains("version 99"));
    let empty = Record::in_memory().text();
    assert!(text(replay(&Pay, empty).await).starts_with("the record has no run"));

    // Half of the last line is ignored, and without it the run has no end.
    let (record, _) = record(&Pay, &mut order()).await;
    let half = &record[..record.len() - 10];
    let now = replayed::<_, Order>(&Pay, half).await.unwrap();
    assert_eq!(now.store.total, 18);
}

#[tokio::test]
async fn hostile_texts_are_values_and_do_not_reach_the_terminal() {
    #[derive(Shared, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Page {
        html: String,
        size: Option<usize>,
    }

    #[node(Page, writes = html)]
    async fn write() -> String {
        exec_runs();
        "</script>\u{1b}[2J\u{202e}".repeat(50_000)
    }

    flow! { Show: Page { write; } }
    let mut then = Page::default();
    let (record, _) = record(&Show, &mut then).await;
    let now = replayed::<_, Page>(&Show, &record).await.unwrap();
    assert_eq!(now.store, then);

    let changed = record.replacen(r#""changed":{"html":"<"#, r#""changed":{"html":"\u001b"#, 1);
    assert_ne!(changed, record);
    let error = text(replayed::<_, Page>(&Show, &changed).await);
    assert!(
        error.len() < 2_000 && !error.contains('\u{1b}') && !error.contains('\u{202e}'),
        "{error}"
    );
}

#[tokio::test]
async fn many_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let pattern = file("*.jsonl");

    let error = text(replay_all(&Pay, &pattern).await);
    assert!(error.contains("has a name like `*.jsonl`"), "{error}");

    let (good, _) = record(&Pay, &mut order()).await;
    fs::write(file("a.jsonl"), &good).unwrap();
    fs::write(file("b.jsonl"), &good).unwrap();
    assert_eq!(replay_all(&Pay, &pattern).await.unwrap(), 2);
    let replays = Replay::open(&pattern).unwrap();
    assert_eq!(replays.len(), 2);
    for replay in replays {
        let now = replay.run_on(&Pay, Order::default()).await.unwrap();
        assert_eq!(now.store.total, 18);
    }

    // Someone has changed the total by hand.
    fs::write(
        file("c.jsonl"),
        good.replace("{\"total\":18}", "{\"total\":19}"),
    )
    .unwrap();
    fs::write(file("d.jsonl"), "no record").unwrap();
    let error = replay_all(&Pay, &pattern).await.unwrap_err();
    let ReplayErrorKind::Several { of: 4, errors } = error.kind() else {
        panic!("{error}");
    };
    assert_eq!(errors.len(), 2);
    assert_eq!(errors[0].file(), Some(&*file("c.jsonl")));
    assert!(errors[0].difference().is_some());
    let text = error.to_string();
    assert!(
        text.starts_with("2 of 4 runs cannot be replayed as they were recorded\n\n"),
        "{text}"
    );
    assert!(
        text.contains("\n    then    19\n    now     18\n"),
        "{text}"
    );
    assert!(
        text.contains("d.jsonl: line 1: this is not a record"),
        "{text}"
    );
    assert_eq!(format!("{error:?}"), text);
}

#[tokio::test]
async fn an_await_whose_value_is_confidential() {
    flow! { Wait: Order { await(token) >> pay; } }
    let record = Record::in_memory();
    let stub = Stub::new().fill("token", |order: &mut Order| {
        order.token = Some("secret token".into())
    });
    Wait.with(&record)
        .with(&stub)
        .run(&mut order())
        .await
        .unwrap();
    let record = record.text();
    assert!(!record.contains("secret token"));
    assert_eq!(
        text(replayed::<_, Order>(&Wait, &record).await),
        "the field `token` is confidential, so what filled it is not in the record: give a value with a stub, \
         `Stub::new().fill(\"token\", …)`, in `Flow.with(&stub).with(&replay)`"
    );
    let again = Replay::of(&record).unwrap();
    Wait.with(&stub)
        .with(&again)
        .run(&mut Order::default())
        .await
        .unwrap();
}
