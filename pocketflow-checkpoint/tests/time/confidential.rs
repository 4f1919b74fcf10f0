//! What is stored and shown of the errors of a run has no values of confidential fields.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering::SeqCst;

use pocketflow::{Attempt, Shared, flow, node};
use pocketflow_checkpoint::Status;
use serde::{Deserialize, Serialize};

use crate::clock::{HOUR, parked, process};

/// What no text may contain.
const SECRETS: [&str; 8] = [
    TOKEN,
    OLD_TOKEN,
    "card 4111",
    "card 5222",
    "CARD",
    "vault code",
    "safe code",
    "spare code",
];
const TOKEN: &str = "token-77";
const OLD_TOKEN: &str = "token-66";

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Purse {
    #[shared(redact)]
    card: String,
    /// A step fills it.
    #[shared(redact)]
    pin: Option<String>,
    receipt: Option<String>,
}

/// No flow runs on such a store.
#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Vault {
    #[shared(redact)]
    #[serde(rename = "theCode")]
    code: String,
    spare: Option<Box<Vault>>,
}

#[derive(Shared, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Till {
    #[shared(redact)]
    token: String,
    purse: Purse,
    purses: Vec<Purse>,
    vault: Vault,
    safes: BTreeMap<String, Vault>,
    answer: Option<Answer>,
    total: Option<u64>,
    receipts: Option<Vec<String>>,
}

/// A type whose errors quote what it does not know from the value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String")]
struct Answer;

impl TryFrom<String> for Answer {
    type Error = String;

    fn try_from(_: String) -> Result<Self, String> {
        Err(format!("an answer to {TOKEN} is never accepted"))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{text} is declined")]
struct Declined {
    text: String,
    source: Option<Box<Declined>>,
}

/// An error whose sources quote one text each. It also quotes the last error.
fn declined<T>(attempt: Attempt<'_>, quoted: &[&str]) -> Result<T, Declined> {
    let last = attempt.last_error().map(|last| last.to_string());
    let error = quoted.iter().rev().fold(None, |source, text| {
        let text = format!("{text:?}, after {last:?},");
        let source: Option<Declined> = source;
        Some(Declined {
            text,
            source: source.map(Box::new),
        })
    });
    Err(error.expect("a text"))
}

#[node(Till, writes = total, attempts = 2, wait = "2h")]
fn count(
    token: &str,
    vault: &Vault,
    safes: &BTreeMap<String, Vault>,
    #[attempt] attempt: Attempt<'_>,
) -> Result<u64, Declined> {
    let spare = vault.spare.as_ref().expect("a spare vault");
    let stores = serde_json::to_string(safes).expect("it is JSON");
    declined(attempt, &[token, &vault.code, &spare.code, &stores])
}

#[node(Till, writes = receipts, attempts = 2, wait = "2h", parallel = 2)]
async fn charge(
    #[each(purses)] purse: &Purse,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, Declined> {
    declined(attempt, &[&purse.card])
}

#[node(Purse, writes = pin)]
fn ask(card: &str) -> String {
    card.to_uppercase()
}

#[node(Purse, writes = receipt, attempts = 2, wait = "2h")]
fn spend(card: &str, pin: &str, #[attempt] attempt: Attempt<'_>) -> Result<String, Declined> {
    declined(attempt, &[card, pin])
}

#[node(Till, writes = token)]
fn rotate() -> String {
    TOKEN.to_owned()
}

#[node(Till, writes = total)]
fn stale(#[attempt] attempt: Attempt<'_>) -> Result<u64, Declined> {
    declined(attempt, &[TOKEN, OLD_TOKEN])
}

#[node(Till)]
fn panics(token: &str) {
    panic!("nobody has bought with {token:?}");
}

#[node(Purse)]
fn panics_inside(card: &str) {
    panic!("nobody has bought with {card:?}");
}

flow! { Count { count; } }
flow! { Around: Till { Count; } }
flow! { Charge { charge; } }
flow! { Fork { (count, charge); } }
flow! { Spend: Purse { ask >> spend; } }
flow! { SpendOne: Till { Spend.on(purse) >> count; } }
flow! { SpendAll: Till { Spend.each(purses, parallel = 2) >> count; } }
flow! { Rotate { rotate >> stale; } }
flow! { Ask { await(answer) >> count; } }
flow! { Panics { panics; } }
flow! { PanicsInside: Purse { panics_inside; } }
flow! { PanicsInAll: Till { PanicsInside.each(purses) >> count; } }

mod older {
    use super::*;

    #[derive(Shared, Default, Debug, Serialize, Deserialize)]
    pub(super) struct Till {
        #[shared(redact)]
        pub(super) key: String,
    }

    #[node(Till)]
    fn count(key: &str) {
        let _ = key;
    }

    flow! {
        /// The flow in an older version of the program.
        pub(super) Count: Till { count; }
    }
}

fn till() -> Till {
    let purse = |card: &str| Purse {
        card: card.into(),
        ..Purse::default()
    };
    let vault = |code: &str, spare| Vault {
        code: code.into(),
        spare,
    };
    let spare = vault("the \"spare code\"", None);
    Till {
        token: OLD_TOKEN.into(),
        purse: purse("card 4111"),
        purses: vec![purse("card 4111"), purse("card 5222")],
        vault: vault("the vault code", Some(Box::new(spare))),
        safes: BTreeMap::from([("first".into(), vault("a safe code", None))]),
        ..Till::default()
    }
}

/// All that is stored, except for stores.
fn stored(file: &Path) -> String {
    let database = rusqlite::Connection::open(file).unwrap();
    let mut all = String::new();
    for query in [
        "SELECT run || ' ' || path || ' ' || coalesce(message, '') FROM runs",
        "SELECT path || ' ' || causes FROM attempts",
    ] {
        let mut query = database.prepare(query).unwrap();
        let rows = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
        for row in rows {
            all += &row.unwrap();
            all.push('\n');
        }
    }
    all
}

#[track_caller]
fn check(text: &str) {
    assert!(text.contains("[redacted]"), "{text}");
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

/// Runs a flow whose first attempts fail and whose second attempts, 3 hours later, fail as well: in this process,
/// and in a worker.
macro_rules! fails {
    ($flow:expr) => {{
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs.db");
        for ahead in [0, 3 * HOUR] {
            let runs = process(&file, ahead).await;
            let run = $flow.with(runs.run("alone").park());
            let error = run.run(&mut till()).await.unwrap_err();
            match ahead {
                0 => check(&format!("{:#}", parked(&error).attempt.as_ref().unwrap())),
                // The program has the error as the node returned it.
                _ => assert!(SECRETS.iter().any(|it| format!("{error:#}").contains(it))),
            }
            check(&stored(&file));
        }
        assert!(stored(&file).contains("[redacted]\\\", after None, is declined"));

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs.db");
        let runs = process(&file, 0).await;
        runs.enqueue("worker", &$flow, till()).await.unwrap();
        for ahead in [0, 3 * HOUR] {
            runs.storage().ahead.store(ahead, SeqCst);
            let worker = runs.worker().flow($flow);
            worker.run_until_idle().await.unwrap();
            check(&stored(&file));
            let listed = runs.list(None).await.unwrap();
            let listed = listed.iter().find(|run| run.run == "worker").unwrap();
            match &listed.message {
                Some(message) if ahead > 0 => check(message),
                Some(message) => panic!("{message}"),
                None => assert_eq!((ahead, listed.status), (0, Status::Waiting)),
            }
        }
    }};
}

#[tokio::test]
async fn a_node_that_fails() {
    fails!(Count);
    fails!(Around);
}

#[tokio::test]
async fn the_items_of_a_batch_and_the_branches_of_a_fork() {
    fails!(Charge);
    fails!(Fork);
}

#[tokio::test]
async fn inner_runs() {
    fails!(SpendOne);
    fails!(SpendAll);
}

#[tokio::test]
async fn a_value_that_the_store_had_before() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    let runs = process(&file, 0).await;
    runs.enqueue("stale", &Rotate, till()).await.unwrap();
    let worker = runs.worker().flow(Rotate);
    worker.run_until_idle().await.unwrap();
    let listed = runs.list(Some(Status::Failed)).await.unwrap();
    check(listed[0].message.as_ref().unwrap());
    check(&stored(&file));
}

#[tokio::test]
async fn an_answer_that_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    let runs = process(&file, 0).await;
    let order = || Till {
        token: TOKEN.into(),
        ..till()
    };
    for filled in [false, true] {
        if filled {
            runs.fill("ask", "answer#1", "\"yes\"").await.unwrap();
        }
        let run = Ask.with(runs.run("ask").park());
        run.run(&mut order()).await.unwrap_err();
    }
    let listed = runs.list(None).await.unwrap();
    let message = listed[0].message.as_ref().unwrap();
    assert!(
        message.contains("an answer to [redacted] is never accepted"),
        "{message}"
    );
    check(&stored(&file));
}

#[tokio::test]
async fn a_panic_in_a_worker() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    let runs = process(&file, 0).await;
    runs.enqueue("one", &Panics, till()).await.unwrap();
    runs.enqueue("all", &PanicsInAll, till()).await.unwrap();
    let worker = runs.worker().flow(Panics).flow(PanicsInAll);
    worker.run_until_idle().await.unwrap();
    let failed = runs.list(Some(Status::Failed)).await.unwrap();
    for run in ["one", "all"] {
        let failed = failed.iter().find(|failed| failed.run == run).unwrap();
        let message = failed.message.as_ref().unwrap();
        let says = "it panicked: nobody has bought with \"[redacted]\"";
        assert!(message.ends_with(says), "{message}");
    }
    check(&stored(&file));
}

/// The value is in a field that only the older program has.
#[tokio::test]
async fn a_run_that_cannot_be_migrated() {
    for panics in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs.db");
        let runs = process(&file, 0).await;
        let till = older::Till { key: TOKEN.into() };
        runs.enqueue("old", &older::Count, till).await.unwrap();
        let worker = runs.worker().flow(Count);
        let worker = worker.migrate(&Count, move |state| match panics {
            true => panic!("cannot convert {state}"),
            false => Err(format!("cannot convert {state}").into()),
        });
        let work = worker.run_until(async {
            while runs.list(None).await.unwrap()[0].message.is_none() {
                tokio::task::yield_now().await;
            }
        });
        work.await.unwrap();
        let listed = runs.list(None).await.unwrap();
        let message = listed[0].message.as_ref().unwrap();
        let says = "cannot convert {\"key\":\"[redacted]\"}";
        assert!(message.ends_with(says), "{message}");
        check(&stored(&file));
    }
}
