//! Values, failures and waits come from the record, and `prep`, `post` and edges are real.

use std::sync::Arc;
use std::time::Duration;

use pocketflow::{Action, Failed, Reads, Shared, Stub, flow, node};
use pocketflow_record::{Replay, ReplayErrorKind};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{exec_runs, record, replayed};

#[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    total: u64,
    /// How often the bank is busy before it answers.
    busy: u32,
    receipt: Option<String>,
    approval: Option<String>,
    refused: Option<String>,
    problem: Option<Failed>,
    log: Vec<String>,
}

#[derive(Action, Debug, PartialEq, Serialize, Deserialize)]
#[action(Order)]
enum Verdict {
    Approved,
    Rejected { refused: String },
}

#[node(Order)]
async fn review(total: &u64) -> Verdict {
    exec_runs();
    match total {
        0..100 => Verdict::Approved,
        _ => Verdict::Rejected {
            refused: format!("{total} is too much"),
        },
    }
}

#[derive(Debug)]
struct Busy;

impl std::fmt::Display for Busy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the bank is busy")
    }
}

impl std::error::Error for Busy {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&std::fmt::Error)
    }
}

#[node(Order, writes = receipt, attempts = 3, wait = "1h")]
async fn pay(
    total: &u64,
    busy: &u32,
    #[attempt] attempt: pocketflow::Attempt<'_>,
) -> Result<String, Busy> {
    exec_runs();
    if attempt.number() <= *busy {
        return Err(Busy);
    }
    Ok(format!("{total} cents"))
}

#[node(Order, appends = log)]
fn note(receipt: &str) -> [String; 1] {
    exec_runs();
    [format!("paid {receipt}")]
}

#[node(Order, appends = log)]
fn release(problem: &Failed) -> [String; 1] {
    exec_runs();
    [format!("{problem:#}")]
}

flow! {
    Checkout: Order {
        review - "approved" >> await(approval, within = "3d") >> pay >> note;
        review - "rejected" >> end "refused";
        await(approval) - "expired" >> end "late";
        pay - error(problem) >> nap >> release;
        nap: sleep("1d");
    }
}

fn order(total: u64, busy: u32) -> Order {
    Order {
        total,
        busy,
        ..Order::default()
    }
}

/// Runs it with an approval, if there is one.
async fn recorded(order: &mut Order, approval: Option<&'static str>) -> String {
    let stub = Stub::new().fill("approval", move |order: &mut Order| {
        order.approval = approval.map(str::to_owned);
    });
    let record = pocketflow_record::Record::in_memory();
    let run = Checkout.with(&record).with(&stub);
    drop(run.run(order).await);
    record.text()
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_as_it_went_and_waits_for_nothing() {
    for (total, busy, approval, exit) in [
        (17, 0, Some("Ada"), "default"),
        (17, 2, Some("Ada"), "default"),
        (17, 3, Some("Ada"), "default"),
        (17, 0, None, "late"),
        (200, 0, None, "refused"),
    ] {
        let mut then = order(total, busy);
        let text = recorded(&mut then, approval).await;
        let began = Instant::now();
        let now = replayed::<_, Order>(&Checkout, &text).await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(now.store, then);
        assert_eq!(now.exit(), Some(exit));
        assert_eq!(
            pocketflow_record::replay(&Checkout, &text).await.unwrap(),
            1
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_keeps_its_attempts_and_its_texts() {
    let mut then = order(17, 9);
    let text = recorded(&mut then, Some("Ada")).await;
    let now = replayed::<_, Order>(&Checkout, &text).await.unwrap();
    let problem = now.store.problem.unwrap();
    assert_eq!(problem.attempts, 3);
    assert_eq!(
        problem.causes,
        ["the bank is busy", &std::fmt::Error.to_string()]
    );
    assert_eq!(Some(problem), then.problem);
    assert_eq!(now.store.log, then.log);
}

flow! { Pay: Order { pay; } }

#[tokio::test(start_paused = true)]
async fn a_run_that_failed_fails_again() {
    let mut then = order(17, 9);
    let (text, ended) = record(&Pay, &mut then).await;
    let then = ended.unwrap_err();
    let now = replayed::<_, Order>(&Pay, &text).await.unwrap();
    assert_eq!(now.exit(), None);
    let error = now.error().unwrap();
    assert_eq!(format!("{error:#}"), format!("{then:#}"));
    assert_eq!((error.attempt(), error.is_failure()), (Some(3), true));
    assert!(
        error.find::<Busy>().is_none(),
        "the type is not in a record"
    );
}

#[node(Order, writes = receipt, attempts = 2, fallback = cash)]
async fn charge(total: &u64) -> Result<String, String> {
    exec_runs();
    Err(format!("no network for {total}"))
}

async fn cash(reads: &Reads<'_, charge>, _error: pocketflow::Error) -> Result<String, String> {
    exec_runs();
    if *reads.total > 100 {
        return Err("too much for cash".into());
    }
    Ok(format!("{} in cash", reads.total))
}

flow! { Charge: Order { charge; } }

#[tokio::test]
async fn a_fallback_is_a_part_of_the_exec() {
    let mut then = order(17, 0);
    let (text, _) = record(&Charge, &mut then).await;
    let now = replayed::<_, Order>(&Charge, &text).await.unwrap();
    assert_eq!(now.store.receipt.as_deref(), Some("17 in cash"));

    let (text, ended) = record(&Charge, &mut order(200, 0)).await;
    let now = replayed::<_, Order>(&Charge, &text).await.unwrap();
    let error = now.error().unwrap();
    assert_eq!(format!("{error:#}"), format!("{:#}", ended.unwrap_err()));
    assert!(error.to_string().ends_with("fallback failed"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_stub_around_the_replay_says_what_differs() {
    let text = recorded(&mut order(17, 0), Some("Ada")).await;
    let refuse = || {
        Stub::new().node::<review>(|_, _| {
            Ok(Verdict::Rejected {
                refused: "no".into(),
            })
        })
    };

    // Outside, the stub decides, and the replay does not see the exec.
    let stub = refuse();
    let replay = Replay::of(&text).unwrap().without_comparison();
    let mut now = Order::default();
    let exit = Checkout.with(&stub).with(&replay).run(&mut now).await;
    assert_eq!(exit.unwrap(), CheckoutExit::Refused);
    assert_eq!(now.refused.as_deref(), Some("no"));
    assert_eq!(stub.attempts::<review>(), 1);

    // With the comparison, that is a difference.
    let replay = Replay::of(&text).unwrap();
    let run = Checkout.with(&stub).with(&replay);
    let error = run.run(&mut Order::default()).await.unwrap_err();
    let kind = error.find::<ReplayErrorKind>();
    assert!(
        matches!(kind, Some(ReplayErrorKind::Differs(_))),
        "{error:?}"
    );

    // Inside, the replay answers first.
    let stub = refuse();
    let replay = Replay::of(&text).unwrap();
    let mut now = Order::default();
    let exit = Checkout.with(&replay).with(&stub).run(&mut now).await;
    assert_eq!(exit.unwrap(), CheckoutExit::Default);
    assert_eq!(stub.attempts::<review>(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stub_lets_a_recorded_failure_succeed_and_fills_another_approval() {
    let text = recorded(&mut order(17, 9), Some("Ada")).await;
    let stub = Stub::new()
        .node::<pay>(|reads, _| Ok(format!("{} after all", reads.total)))
        .fill("approval", |order: &mut Order| {
            order.approval = Some("Eve".into())
        });
    let replay = Replay::of(&text).unwrap().without_comparison();
    let mut now = Order::default();
    let run = Checkout.with(&stub).with(&replay);
    let error = run.run(&mut now).await.unwrap_err();
    assert_eq!(now.receipt.as_deref(), Some("17 after all"));
    assert_eq!(now.approval.as_deref(), Some("Eve"));
    // The record has no visit to `note`, because the payment failed.
    assert_eq!(
        format!("{error:#}"),
        "Checkout > note: stopped: the record has no value of `note` for this visit of `Checkout > note`: let the node run with \
         `replay.real::<note>()`, or give a value with a stub, `Stub::new().node::<note>(…)`, in `Flow.with(&stub).with(&replay)`"
    );

    let replay = Replay::of(&text).unwrap().without_comparison();
    let replay = replay.real::<note>();
    let mut now = Order::default();
    let run = Checkout.with(&stub).with(&replay);
    assert_eq!(run.run(&mut now).await.unwrap(), CheckoutExit::Default);
    assert_eq!(now.log, ["paid 17 after all"]);
}

/// A client, which no replay may use.
struct Bank;

struct Services {
    bank: Bank,
}

#[derive(Shared, Debug, Default, PartialEq, Serialize, Deserialize)]
#[shared(context = Services)]
struct Account {
    balance: Option<u64>,
}

#[node(Account, writes = balance)]
async fn ask(#[context] bank: &Bank) -> u64 {
    exec_runs();
    let Bank = bank;
    42
}

flow! { Balance: Account { ask; } }

#[tokio::test]
async fn a_flow_with_a_context_is_replayed_with_one() {
    let mut then = Account::default();
    let services = Services { bank: Bank };
    let (text, _) = record(&Balance.context(&services), &mut then).await;
    let now = replayed::<_, Account>(&Balance.context(&services), &text).await;
    assert_eq!(now.unwrap().store, then);
    let bank = Balance.context(Arc::new(services));
    assert_eq!(pocketflow_record::replay(&bank, &text).await.unwrap(), 1);
}

/// A store of an older version of the program.
mod older {
    use super::*;

    #[derive(Shared, Debug, Default, Serialize, Deserialize)]
    pub(super) struct Order {
        pub total: u64,
        pub receipt: Option<String>,
        pub gone: u8,
    }

    #[node(Order, writes = receipt)]
    pub(super) async fn pay(total: &u64) -> String {
        format!("{total} cents")
    }

    flow! { pub(super) Pay: Order { pay; } }
}

#[tokio::test]
async fn a_field_that_is_new_is_not_a_difference() {
    let mut then = older::Order {
        total: 17,
        receipt: None,
        gone: 1,
    };
    let (text, _) = record(&older::Pay, &mut then).await;
    let error = replayed::<_, Order>(&Pay, &text).await.unwrap_err();
    assert!(error.to_string().contains("the field `gone`"), "{error}");
    let replay = Replay::of(&text).unwrap().without_field("gone");
    let now = replay.run_on(&Pay, Order::default()).await.unwrap();
    assert_eq!(now.store.receipt, then.receipt);
}
