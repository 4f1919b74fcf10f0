//! The `Trace` driver: spans and events.

mod recorder;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::time::Duration;

use pocketflow::{Attempt, Driver, Error, Failed, Run, Shared, StepInfo, Taken, Trace, flow, node};
use recorder::Recorder;
use tracing::Level;

/// A driver that names the run.
struct Named(&'static str);

impl<S: Shared> Driver<S> for Named {
    fn run_id(&self) -> Option<&str> {
        Some(self.0)
    }
}

/// A driver that suspends a run at a wait.
struct Park;

impl<S: Shared> Driver<S> for Park {
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        match info.waits_for() {
            Some(field) => Err(info.suspend(format!("it waits for `{field}`"))),
            None => run.run(shared).await,
        }
    }
}

#[derive(Shared, Default)]
struct Order {
    total_cents: u64,
    receipt: Option<String>,
    approval: Option<String>,
}

#[node(Order, writes = receipt, attempts = 2)]
async fn pay(total_cents: &u64, #[attempt] attempt: Attempt<'_>) -> Result<String, String> {
    tracing::info!(target: "pocketflow", "paying");
    if attempt.number() == 1 {
        Err("the bank is busy".into())
    } else {
        Ok(format!("{total_cents} cents"))
    }
}

flow! { Payment { pay; } }

flow! { Shop { Payment >> end "paid"; } }

#[tokio::test]
async fn runs_flows_steps_and_attempts_have_spans() {
    let (recorder, guard) = Recorder::start(Level::DEBUG);
    Shop.with(Trace).run(&mut Order::default()).await.unwrap();
    drop(guard);
    assert_eq!(
        recorder.tree(),
        [
            "invoke_workflow Shop, exit=paid",
            "  flow Payment, action=default",
            "    step pay, action=default, step=1",
            "      attempt pay, error.type=exec, otel.status_description=the bank is busy, attempt=1, attempts=2",
            "        INFO paying",
            "        WARN attempt failed, error=the bank is busy, attempt=1, attempts=2",
            "      attempt pay, attempt=2, attempts=2",
            "        INFO paying",
        ]
    );
    recorder.seen(|seen| {
        let run = &seen[0];
        assert_eq!(run.metadata.name(), "run");
        assert_eq!(run.field("gen_ai.operation.name"), "invoke_workflow");
        assert_eq!(run.field("gen_ai.agent.name"), "Shop");
        assert_eq!(seen[1].field("pocketflow.path"), "Shop > Payment");
        assert_eq!(seen[2].field("pocketflow.path"), "Shop > Payment > pay");
        assert_eq!(seen[3].field("otel.status_code"), "ERROR");
    });
}

#[derive(Shared, Default)]
struct Article {
    titles: Vec<u32>,
    drafts: Option<Vec<String>>,
    facts: Option<String>,
    figures: Option<String>,
    problem: Option<Failed>,
}

#[node(Article, writes = drafts, parallel = 3, attempts = 3)]
async fn draft(
    #[each(titles)] title: &u32,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, String> {
    tokio::task::yield_now().await;
    // The first title needs one attempt, the second two, and the third three.
    if attempt.number() < *title {
        return Err(format!("no draft of {title}"));
    }
    Ok(format!("{title}"))
}

flow! { Write { draft; } }

/// Items that run at the same time keep their attempts apart.
#[tokio::test]
async fn items_have_spans_of_their_own() {
    let (recorder, guard) = Recorder::start(Level::DEBUG);
    let mut article = Article {
        titles: vec![1, 2, 3],
        ..Article::default()
    };
    Write.with(Trace).run(&mut article).await.unwrap();
    drop(guard);
    assert_eq!(
        recorder.tree(),
        [
            "invoke_workflow Write, exit=default",
            "  step draft, action=default, step=1",
            "    item draft, item.index=0, items=3",
            "      attempt draft, attempt=1, attempts=3",
            "    item draft, item.index=1, items=3",
            "      attempt draft, error.type=exec, otel.status_description=no draft of 2, attempt=1, attempts=3",
            "        WARN attempt failed, error=no draft of 2, attempt=1, attempts=3, item.index=1",
            "      attempt draft, attempt=2, attempts=3",
            "    item draft, item.index=2, items=3",
            "      attempt draft, error.type=exec, otel.status_description=no draft of 3, attempt=1, attempts=3",
            "        WARN attempt failed, error=no draft of 3, attempt=1, attempts=3, item.index=2",
            "      attempt draft, error.type=exec, otel.status_description=no draft of 3, attempt=2, attempts=3",
            "        WARN attempt failed, error=no draft of 3, attempt=2, attempts=3, item.index=2",
            "      attempt draft, attempt=3, attempts=3",
        ]
    );
}

/// Without the spans of items and attempts, nothing of an item is recorded in the span of the step.
#[tokio::test]
async fn the_level_info_leaves_out_items_and_attempts() {
    let (recorder, guard) = Recorder::start(Level::INFO);
    let mut article = Article {
        titles: vec![1, 2],
        ..Article::default()
    };
    Write.with(Trace).run(&mut article).await.unwrap();
    drop(guard);
    assert_eq!(
        recorder.tree(),
        [
            "invoke_workflow Write, exit=default",
            "  step draft, action=default, step=1",
            "    WARN attempt failed, error=no draft of 2, attempt=1, attempts=3, item.index=1",
        ]
    );
}

#[node(Article, writes = facts)]
async fn find() -> String {
    tokio::task::yield_now().await;
    "facts".into()
}

#[node(Article, writes = figures, timeout = "1s")]
async fn draw() -> String {
    std::future::pending().await
}

#[node(Article)]
fn tell(problem: &Failed) {
    let _ = problem;
}

#[node(Article)]
fn publish() {}

flow! {
    Publish {
        (find, draw) >> publish;
        (find, draw) - error(problem) >> tell;
    }
}

#[tokio::test(start_paused = true)]
async fn branches_have_spans_and_errors() {
    let (recorder, guard) = Recorder::start(Level::DEBUG);
    Publish
        .with(Trace)
        .run(&mut Article::default())
        .await
        .unwrap();
    drop(guard);
    assert_eq!(
        recorder.tree(),
        [
            "invoke_workflow Publish, exit=default",
            "  step (find, draw), error.type=_OTHER, action=error, step=1",
            "    branch find, branch=0",
            "    branch draw, error.type=timeout, otel.status_description=Publish > draw: exec failed: no result within 1s, branch=1",
            "      WARN attempt failed, error=no result within 1s, attempt=1, attempts=1, branch=1",
            "  step tell, action=default, step=2",
        ]
    );
}

#[derive(Debug)]
struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the bank refused")
    }
}

impl std::error::Error for Refused {}

#[node(Order, writes = receipt)]
fn refuse() -> anyhow::Result<String> {
    Err(anyhow::Error::from(Refused).context("no receipt"))
}

flow! { Refuse { refuse; } }
flow! { Sell { Refuse; } }

#[tokio::test]
async fn a_failed_run_is_an_error() {
    let (recorder, guard) = Recorder::start(Level::DEBUG);
    let result = Sell
        .with(Trace)
        .with(Named("order-17"))
        .run(&mut Order::default())
        .await;
    result.unwrap_err();
    drop(guard);
    let error = "Sell > Refuse > refuse: exec failed: no receipt: the bank refused";
    assert_eq!(
        recorder.tree(),
        [
            format!(
                "invoke_workflow Sell, error.type=exec, gen_ai.conversation.id=order-17, otel.status_description={error}, run.id=order-17"
            ),
            format!("  flow Refuse, error.type=exec, otel.status_description={error}"),
            format!("    step refuse, error.type=exec, otel.status_description={error}, step=1"),
            "      WARN attempt failed, error=no receipt: the bank refused, attempt=1, attempts=1"
                .into(),
            format!("  ERROR run failed, error={error}"),
        ]
    );
    recorder.seen(|seen| {
        for span in seen.iter().filter(|seen| !seen.is_event()) {
            assert_eq!(span.field("otel.status_code"), "ERROR", "{span:?}");
        }
    });
}

flow! { Approve { await(approval) >> publish_order; } }

#[node(Order)]
fn publish_order(approval: &str) {
    let _ = approval;
}

/// A run that a driver suspends has not failed.
#[tokio::test]
async fn a_run_that_waits_is_not_an_error() {
    let (recorder, guard) = Recorder::start(Level::DEBUG);
    let result = Approve
        .with(Trace)
        .with(Park)
        .run(&mut Order::default())
        .await;
    result.unwrap_err();
    drop(guard);
    assert_eq!(
        recorder.tree(),
        [
            "invoke_workflow Approve, suspended=true",
            "  step await(approval), step=1, suspended=true, waits_for=approval",
        ]
    );
}

#[derive(Shared, Default)]
struct Market {
    orders: Vec<Order>,
    first: Order,
    names: HashMap<String, Order>,
    problems: Option<Vec<Failed>>,
}

#[node(Order, writes = receipt)]
async fn settle(total_cents: &u64) -> Result<String, String> {
    tokio::task::yield_now().await;
    match total_cents {
        7 => Err("seven".into()),
        cents => Ok(format!("{cents} cents")),
    }
}

flow! { Settle { settle; } }

flow! {
    Close: Market {
        (Settle.each(orders, parallel = 2, failures = problems), Settle.on(first)) >> Settle.each(names);
    }
}

fn order(total_cents: u64) -> Order {
    Order {
        total_cents,
        ..Order::default()
    }
}

/// The runs are polled in turns, and each is inside the step of the run around it.
#[tokio::test]
async fn inner_runs_have_spans_with_their_ids() {
    let (recorder, guard) = Recorder::start(Level::DEBUG);
    let mut market = Market {
        orders: vec![order(1), order(7), order(3)],
        names: HashMap::from([("Ada".into(), order(1))]),
        ..Market::default()
    };
    Close
        .with(Trace)
        .with(Named("day"))
        .run(&mut market)
        .await
        .unwrap();
    drop(guard);
    assert_eq!(market.problems.map(|problems| problems.len()), Some(1));
    assert_eq!(
        recorder.tree(),
        [
            "invoke_workflow Close, gen_ai.conversation.id=day, exit=default, run.id=day",
            "  step (Settle.each(orders), Settle.on(first)), action=default, step=1",
            "    invoke_workflow Settle, gen_ai.conversation.id=day, exit=default, field=orders, item.index=0, run.id=day/1/orders[0]",
            "      step settle, action=default, step=1",
            "    invoke_workflow Settle, error.type=exec, gen_ai.conversation.id=day, otel.status_description=Close > orders[1] > settle: exec failed: seven, field=orders, item.index=1, run.id=day/1/orders[1]",
            "      step settle, error.type=exec, otel.status_description=Close > orders[1] > settle: exec failed: seven, step=1",
            "        WARN attempt failed, error=seven, attempt=1, attempts=1",
            "      WARN inner run failed, error=Close > orders[1] > settle: exec failed: seven",
            "    invoke_workflow Settle, gen_ai.conversation.id=day, exit=default, field=first, run.id=day/1/first",
            "      step settle, action=default, step=1",
            "    invoke_workflow Settle, gen_ai.conversation.id=day, exit=default, field=orders, item.index=2, run.id=day/1/orders[2]",
            "      step settle, action=default, step=1",
            "  step Settle.each(names), action=default, step=2",
            "    invoke_workflow Settle, gen_ai.conversation.id=day, exit=default, field=names, item.key=Ada, run.id=day/2/names[\"Ada\"]",
            "      step settle, action=default, step=1",
        ]
    );
}

#[node(Article, writes = drafts, parallel = 2)]
async fn sketch(#[each(titles)] title: &u32) -> Result<String, String> {
    Err(format!("no sketch of {title}"))
}

flow! { Sketch { (find, sketch); } }

/// At the level of a program, an event of an item in a fork says where it happened.
#[tokio::test]
async fn an_event_names_its_place_its_branch_and_its_item() {
    let (recorder, guard) = Recorder::start(Level::WARN);
    let mut article = Article {
        titles: vec![4, 5],
        ..Article::default()
    };
    Sketch.with(Trace).run(&mut article).await.unwrap_err();
    drop(guard);
    recorder.seen(|seen| {
        let first = seen.iter().find(|seen| seen.name() == "attempt failed");
        let first = first.expect("an attempt has failed");
        assert_eq!(first.parent, None);
        assert_eq!(first.field("pocketflow.path"), "Sketch > sketch");
        assert_eq!(first.field("pocketflow.branch"), "1");
        assert_eq!(first.field("pocketflow.item.index"), "0");
    });
}

#[node(Order, writes = receipt)]
fn stumble() -> Result<String, String> {
    Err("first\nsecond\r\u{1b}[31m red".into())
}

flow! { Stumble { stumble; } }

/// A log has one line for each event, and no text of an error can write another.
#[tokio::test]
async fn an_error_is_one_line() {
    let (recorder, guard) = Recorder::start(Level::DEBUG);
    let run = Stumble.with(Trace).run(&mut Order::default()).await;
    run.unwrap_err();
    drop(guard);
    let error = r"Stumble > stumble: exec failed: first\nsecond\r\u{1b}[31m red";
    recorder.seen(|seen| {
        let failed = seen.iter().find(|seen| seen.name() == "run failed");
        assert_eq!(failed.unwrap().field("error"), error);
        assert_eq!(seen[0].field("otel.status_description"), error);
    });
}

/// What the documentation lists: the level and the fields of each span and event.
fn listed() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../pocketflow-core/src/driver/trace/mod.rs"
    );
    let page = fs::read_to_string(page).unwrap();
    let mut listed = BTreeMap::new();
    let mut fields_at = 0;
    for row in page.lines().filter_map(|line| line.strip_prefix("/// | ")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        if let Some(at) = cells.iter().position(|cell| *cell == "fields") {
            fields_at = at;
        } else if let Some(name) = cells[0].strip_prefix('`') {
            let fields = cells[fields_at]
                .split(", ")
                .filter_map(|field| field.split('`').nth(1));
            let fields = fields.map(str::to_owned).collect();
            listed.insert(
                name.trim_end_matches('`').to_owned(),
                (cells[1].to_owned(), fields),
            );
        }
    }
    listed
}

#[tokio::test(start_paused = true)]
async fn the_documentation_lists_all_spans_and_events() {
    let (recorder, guard) = Recorder::start(Level::TRACE);
    let mut article = Article {
        titles: vec![2],
        ..Article::default()
    };
    Shop.with(Trace).run(&mut Order::default()).await.unwrap();
    Sell.with(Trace)
        .run(&mut Order::default())
        .await
        .unwrap_err();
    Sketch.with(Trace).run(&mut article).await.unwrap_err();
    let mut market = Market {
        orders: vec![order(7)],
        ..Market::default()
    };
    Close.with(Trace).run(&mut market).await.unwrap();
    drop(guard);
    let emitted: BTreeMap<_, _> = recorder.seen(|seen| {
        let own = seen.iter().filter(|seen| seen.name() != "paying");
        own.map(|seen| {
            let level = seen.metadata.level().as_str().to_lowercase();
            (seen.name().to_owned(), (level, seen.declared()))
        })
        .collect()
    });
    assert_eq!(emitted, listed());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_has_no_end() {
    let (recorder, guard) = Recorder::start(Level::INFO);
    let mut article = Article::default();
    let run = Publish.with(Trace).run(&mut article);
    tokio::time::timeout(Duration::from_millis(1), run)
        .await
        .unwrap_err();
    drop(guard);
    assert_eq!(
        recorder.tree(),
        [
            "invoke_workflow Publish",
            "  step (find, draw), step=1",
            "    branch find, branch=0",
            "    branch draw, branch=1",
        ]
    );
}
