//! Runs of an older program, whose state a migration converts.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use pocketflow::{Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::server::{Others, Server, work};
use crate::driver::explained;
use crate::job::{FlowJob, Job};
use crate::wire::Status;

/// The program that starts the runs: it counts in euros, and weighs before it asks.
mod old {
    use super::*;

    #[derive(Shared, Default, Serialize, Deserialize)]
    pub(super) struct Bill {
        #[shared(redact)]
        account: String,
        euros: u64,
        weight: u64,
        approval: Option<String>,
        receipt: Option<String>,
    }

    #[node(Bill, writes = weight)]
    async fn weigh(weight: &u64, #[attempt] attempt: Attempt<'_>) -> u64 {
        work(attempt).await;
        weight + 1
    }

    #[node(Bill, writes = receipt)]
    async fn pay(euros: &u64, approval: &str, #[attempt] attempt: Attempt<'_>) -> String {
        work(attempt).await;
        format!("{euros} euros, approved by {approval}")
    }

    flow! { pub(super) Settle: Bill { weigh >> await(approval) >> pay; } }
}

/// It counts in cents, and weighs afterwards. Its store has no `Default`.
mod new {
    use super::*;

    #[derive(Shared, Serialize, Deserialize)]
    pub(super) struct Bill {
        #[shared(redact)]
        iban: String,
        cents: u64,
        weight: u64,
        approval: Option<String>,
        copies: Vec<u64>,
        printed: Option<Vec<u64>>,
        receipt: Option<String>,
    }

    #[node(Bill, writes = printed, parallel = 2)]
    async fn print(#[each(copies)] copy: &u64, #[attempt] attempt: Attempt<'_>) -> u64 {
        work(attempt).await;
        *copy
    }

    #[node(Bill, writes = receipt)]
    async fn pay(cents: &u64, approval: &str, #[attempt] attempt: Attempt<'_>) -> String {
        work(attempt).await;
        format!("{cents} cents, approved by {approval}")
    }

    #[node(Bill, writes = weight)]
    async fn weigh(weight: &u64, #[attempt] attempt: Attempt<'_>) -> u64 {
        work(attempt).await;
        weight + 1
    }

    flow! { pub(super) Settle: Bill { await(approval) >> print >> pay >> weigh; } }
}

/// Two programs that differ in the type of a field alone.
mod text {
    use super::*;

    #[derive(Shared, Default, Serialize, Deserialize)]
    pub(super) struct Parcel {
        code: String,
        tries: u32,
    }

    #[node(Parcel, writes = tries)]
    async fn send(code: &str, tries: &u32, #[attempt] attempt: Attempt<'_>) -> u32 {
        let _ = code;
        work(attempt).await;
        tries + 1
    }

    flow! { pub(super) Post: Parcel { send >> again; again: send; } }
}

mod number {
    use super::*;

    #[derive(Shared, Default, Serialize, Deserialize)]
    pub(super) struct Parcel {
        code: u64,
        tries: u32,
    }

    #[node(Parcel, writes = tries)]
    async fn send(code: &u64, tries: &u32, #[attempt] attempt: Attempt<'_>) -> u32 {
        let _ = code;
        work(attempt).await;
        tries + 1
    }

    flow! { pub(super) Post: Parcel { send >> again; again: send; } }
}

fn old() -> Arc<dyn Job> {
    Arc::new(FlowJob::new(
        old::Settle,
        |_: &str| Ok(old::Bill::default()),
    ))
}

fn new() -> Arc<dyn Job> {
    Arc::new(FlowJob::new(new::Settle, |state: &str| {
        serde_json::from_str::<new::Bill>(state)
    }))
}

fn text() -> Arc<dyn Job> {
    Arc::new(FlowJob::new(text::Post, |_: &str| {
        Ok(text::Parcel::default())
    }))
}

fn number() -> Arc<dyn Job> {
    Arc::new(FlowJob::new(number::Post, |_: &str| {
        Ok(number::Parcel::default())
    }))
}

type Migrated = Result<Value, Box<dyn StdError + Send + Sync>>;

type Convert = fn(Value) -> Migrated;

/// It counts its calls in the cents.
static CALLS: AtomicUsize = AtomicUsize::new(0);

fn to_cents(state: Value) -> Migrated {
    let euros = state["euros"].as_u64().ok_or("`euros` is not a number")?;
    let cents = euros * 1_000_000 + CALLS.fetch_add(1, Relaxed) as u64;
    Ok(json!({
        "iban": state["account"], "cents": cents, "weight": state["weight"], "approval": state["approval"],
        "copies": [1, 2, 3], "printed": null, "receipt": state["receipt"],
    }))
}

fn to_number(state: Value) -> Migrated {
    let code = state["code"].as_str().ok_or("`code` is a text")?;
    Ok(json!({ "code": code.parse::<u64>()?, "tries": state["tries"] }))
}

/// A run of the old program that waits.
fn waiting(run: &str) -> Server {
    let mut server = Server::start(old(), run, r#"{"account":"DE-4711-17","euros":7}"#, 1);
    assert_eq!(server.go_on(10_000), Status::Waiting);
    server
}

/// From now on, a program with this migration has the run.
fn change(server: &mut Server, job: Arc<dyn Job>, migration: Convert) {
    server.change(job);
    server.settings.migration = Some(explained(Arc::new(migration)));
}

#[test]
fn a_run_that_waits_is_converted_and_goes_on() {
    let mut server = waiting("converted");
    change(&mut server, new(), to_cents);
    server.fill("", "approval#1", "\"Ada\"").unwrap();
    // The check of the answer stores nothing.
    assert_eq!(server.store()["euros"], 7);
    assert_eq!(server.go_on(100_000), Status::Finished);
    let store = server.store();
    let cents = store["cents"].as_u64().unwrap();
    assert_eq!(
        store,
        json!({
            "iban": "DE-4711-17", "cents": cents, "weight": 2, "approval": "Ada", "copies": [1, 2, 3],
            "printed": [1, 2, 3], "receipt": format!("{cents} cents, approved by Ada"),
        })
    );
    assert_eq!((server.status().step, server.repeated()), (5, 0));
    // From then on it is a run of the new program.
    assert!(server.run().meta.definition.text().contains("cents"));
}

#[test]
fn what_was_converted_is_the_same_after_a_crash() {
    for polls in 0..60 {
        let mut server = waiting(&format!("crashed-{polls}"));
        server.settings.burst = 2;
        change(&mut server, new(), to_cents);
        server.fill("", "approval#1", "\"Ada\"").unwrap();
        server.attempt(None, None, polls);
        assert_eq!(server.go_on(10), Status::Finished);
        let store = server.store();
        let receipt = format!("{} cents, approved by Ada", store["cents"]);
        assert_eq!(store["receipt"], receipt, "{polls}");
        assert_eq!(store["weight"], 2);
    }
}

#[test]
fn a_migration_that_fails_leaves_the_run_as_it_was() {
    let mut server = waiting("odd");
    let before = server.store();
    change(&mut server, new(), |state| {
        Err(format!("nobody knows the rate of {}", state["account"]).into())
    });
    server.retry();
    assert_eq!(server.go_on(10_000), Status::Failed);
    let status = server.status();
    assert_eq!(
        status.error.unwrap().message,
        "Settle: stopped: the migration cannot convert what an older program has stored: nobody knows the rate of \"[redacted]\"\n\
         help: what is stored has not changed: start a worker with a migration that can convert it, and let the run go on with `retry`"
    );
    assert_eq!((status.step, server.store()), (1, before.clone()));
    assert!(server.run().meta.definition.text().contains("euros"));

    // So does one that returns something else, or panics.
    let others: [(Convert, &str); 3] = [
        (Ok, "missing field `iban`"),
        (
            |_| Ok(json!([])),
            "a migration returns an object with the fields of the store",
        ),
        (|_| panic!("no rates"), "it panicked: no rates"),
    ];
    for (migration, why) in others {
        change(&mut server, new(), migration);
        server.retry();
        assert_eq!(server.go_on(10_000), Status::Failed);
        let message = server.status().error.unwrap().message;
        assert!(message.contains(why), "{message}");
        assert_eq!(server.store(), before);
    }

    // A better one goes on.
    change(&mut server, new(), to_cents);
    server.retry();
    assert_eq!(server.go_on(10_000), Status::Waiting);
    server.fill("", "approval#1", "\"Ada\"").unwrap();
    assert_eq!(server.go_on(10_000), Status::Finished);
    assert_eq!(server.store()["iban"], "DE-4711-17");
}

#[test]
fn a_run_that_fits_is_not_converted() {
    let mut server = waiting("fits");
    change(&mut server, old(), |_| panic!("it fits"));
    server.fill("", "approval#1", "\"Ada\"").unwrap();
    assert_eq!(server.go_on(10_000), Status::Finished);
}

#[test]
fn without_a_migration_the_error_names_one() {
    let mut server = waiting("stays");
    server.change(new());
    server.retry();
    assert_eq!(server.go_on(10_000), Status::Failed);
    let message = server.status().error.unwrap().message;
    let changes = [
        "run `stays` was started with another version of this flow:",
        "\n  - the field `euros` of the store is gone\n",
        "\n  - the stored state does not fit the store of this program: missing field `iban`\n",
    ];
    for change in changes {
        assert!(message.contains(change), "{message}");
    }
    assert!(
        message.contains("or bring its state up to date with `RestateFlow::migrate`"),
        "{message}"
    );
}

#[test]
fn a_large_store_is_converted_before_other_workers_read_it() {
    let account = "7".repeat(100_000);
    let store = json!({ "account": account, "euros": 7 }).to_string();
    let mut server = Server::start(old(), "far-away", &store, 1);
    assert_eq!(server.go_on(10_000), Status::Waiting);
    // They have no migration, and the run is one of their program when they get to it.
    let others = Arc::new(Others::new(new()));
    server.others = Some(others.clone());
    change(&mut server, new(), to_cents);
    server.fill("", "approval#1", "\"Ada\"").unwrap();
    assert_eq!(server.go_on(100_000), Status::Finished);
    assert_eq!(server.store()["printed"], json!([1, 2, 3]));
    assert_eq!(others.computed(), 3);
}

#[test]
fn a_burst_that_another_program_has_begun_is_converted_after_it() {
    for polls in 0..40 {
        let run = format!("begun-{polls}");
        let mut server = Server::start(text(), &run, r#"{"code":"12"}"#, 1);
        server.attempt(None, None, polls);
        change(&mut server, number(), to_number);
        assert_eq!(server.go_on(10_000), Status::Finished);
        let code = server.store()["code"].clone();
        // The old program may have finished it.
        assert!(code == 12 || code == "12", "{polls}: {code}");
        assert_eq!(server.store()["tries"], 2);
    }
}

#[test]
fn a_program_without_the_migration_does_not_go_on_from_the_old_state() {
    let mut refused = 0;
    for polls in 0..40 {
        let run = format!("back-{polls}");
        let mut server = Server::start(text(), &run, r#"{"code":"12"}"#, 1);
        change(&mut server, number(), to_number);
        server.attempt(None, None, polls);
        server.change(text());
        server.settings.migration = None;
        if server.go_on(10_000) == Status::Failed {
            refused += 1;
            let message = server.status().error.unwrap().message;
            assert!(
                message.contains("cannot read the field `code`"),
                "{message}"
            );
            change(&mut server, number(), to_number);
            server.retry();
            assert_eq!(server.go_on(10_000), Status::Finished);
        }
        assert_eq!(server.store()["tries"], 2);
    }
    assert!(refused > 0);
}
