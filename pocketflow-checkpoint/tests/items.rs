//! A stored result belongs to an item, and not to the position of the item in the list.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use pocketflow::{Attempt, Shared, flow, node};
use pocketflow_checkpoint::{Changed, Checkpoints, Storage, StorageError};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

async fn runs() -> (TempDir, Checkpoints) {
    let folder = tempfile::tempdir().unwrap();
    let runs = Checkpoints::open(folder.path().join("runs.db"))
        .await
        .unwrap();
    (folder, runs)
}

/// Every call of `exec`: the run, the item, and the idempotency key.
static CALLS: Mutex<Vec<(String, String, String)>> = Mutex::new(Vec::new());
/// For each run, the item whose answer is lost: the work is done, but the program does not learn of
/// it.
static LOST: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

fn work(item: &str, attempt: Attempt<'_>) -> Result<String, String> {
    let key = attempt.key().unwrap();
    CALLS
        .lock()
        .unwrap()
        .push((key.run.to_owned(), item.to_owned(), key.to_string()));
    match LOST.lock().unwrap().get(key.run) {
        Some(lost) if lost == item => Err("the answer was lost".to_owned()),
        _ => Ok(format!("{item}, done with {key}")),
    }
}

/// The items of a run and their keys, once for each call.
fn calls(run: &str) -> Vec<(String, String)> {
    let calls = CALLS.lock().unwrap();
    calls
        .iter()
        .filter(|(of, ..)| of == run)
        .map(|(_, item, key)| (item.clone(), key.clone()))
        .collect()
}

fn lose(run: &str, item: &str) {
    LOST.lock().unwrap().insert(run.to_owned(), item.to_owned());
}

fn mend(run: &str) {
    LOST.lock().unwrap().remove(run);
}

/// Asserts that each piece of work was done once, except `again`, which was done twice with the
/// same key.
fn assert_once(run: &str, again: &str) {
    let (mut keys, mut times) = (BTreeMap::new(), BTreeMap::new());
    for (item, key) in calls(run) {
        *times.entry(key.clone()).or_insert(0) += 1;
        let of = keys.entry(key).or_insert_with(|| item.clone());
        assert_eq!(*of, item, "a key names one item");
    }
    for (key, times) in times {
        assert_eq!(
            times,
            if keys[&key] == again { 2 } else { 1 },
            "{} with {key}",
            keys[&key]
        );
    }
}

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Accounts {
    accounts: HashMap<String, u32>,
    list: Vec<String>,
    receipts: Option<Vec<String>>,
    lengths: Option<Vec<usize>>,
    others: Option<Vec<String>>,
}

struct Charge;

#[node(Accounts, writes(receipts))]
impl Charge {
    fn prep(&self, accounts: &HashMap<String, u32>) -> Vec<String> {
        accounts.keys().cloned().collect()
    }

    async fn exec(
        &self,
        #[each(prep)] account: &str,
        #[attempt] attempt: Attempt<'_>,
    ) -> Result<String, String> {
        work(account, attempt)
    }

    fn post(&self, receipts: &mut Option<Vec<String>>, exec: Vec<String>) {
        *receipts = Some(exec);
    }
}

flow! { ChargeAll { Charge; } }

#[tokio::test]
async fn the_items_of_a_hash_map_are_charged_once_each() {
    for round in 0..20 {
        let (_folder, runs) = runs().await;
        let run = format!("map-{round}");
        let accounts: HashMap<_, _> = (0..12)
            .map(|number| (format!("account-{number}"), 1))
            .collect();
        lose(&run, "account-7");
        let mut shared = Accounts {
            accounts,
            ..Default::default()
        };
        ChargeAll
            .with(runs.run(&run))
            .run(&mut shared)
            .await
            .unwrap_err();
        // The state is read into a new map, whose order differs.
        mend(&run);
        let mut again = Accounts::default();
        ChargeAll
            .with(runs.run(&run))
            .run(&mut again)
            .await
            .unwrap();
        assert_once(&run, "account-7");
        assert_eq!(calls(&run).len(), 13);
        for (account, receipt) in again.accounts.keys().zip(again.receipts.unwrap()) {
            assert!(
                receipt.starts_with(&format!("{account}, done")),
                "{account}: {receipt}"
            );
        }
    }
}

/// The items run in sequence, so that the test knows what was stored when an item fails.
#[node(Accounts, writes = receipts)]
async fn each(#[each(list)] item: &str, #[attempt] attempt: Attempt<'_>) -> Result<String, String> {
    work(item, attempt)
}

flow! { Each { each; } }

/// Starts a run, loses an item, and resumes the run with another list, as after a code change or a
/// migration.
async fn with_another_list(run: &str, list: &[&str], lost: &str, then: &[&str]) -> Vec<String> {
    let (_folder, runs) = runs().await;
    let list: Vec<_> = list.iter().map(|item| (*item).to_owned()).collect();
    lose(run, lost);
    Each.with(runs.run(run))
        .run(&mut Accounts {
            list,
            ..Default::default()
        })
        .await
        .unwrap_err();
    // Changes the list in the stored state, as a migration would.
    mend(run);
    let state = runs.storage().show(run).await.unwrap().unwrap().state;
    let mut state: serde_json::Value = serde_json::from_str(&state).unwrap();
    state["list"] = then.iter().copied().collect();
    change(&_folder, "UPDATE runs SET state = ?1", &state.to_string());
    let mut again = Accounts::default();
    Each.with(runs.run(run)).run(&mut again).await.unwrap();
    again
        .receipts
        .unwrap()
        .into_iter()
        .map(|receipt| receipt.split(',').next().unwrap().to_owned())
        .collect()
}

fn change(folder: &TempDir, sql: &str, value: &str) {
    let file = rusqlite::Connection::open(folder.path().join("runs.db")).unwrap();
    assert!(file.execute(sql, [value]).unwrap() > 0);
}

#[tokio::test]
async fn a_list_in_another_order_charges_nothing_again() {
    let done = with_another_list(
        "order",
        &["a", "b", "c", "d", "e"],
        "e",
        &["e", "d", "c", "b", "a"],
    )
    .await;
    assert_eq!(done, ["e", "d", "c", "b", "a"]);
    assert_once("order", "e");
}

#[tokio::test]
async fn an_item_that_was_inserted_is_done_and_the_others_are_not() {
    let done = with_another_list(
        "insert",
        &["a", "b", "c"],
        "c",
        &["new", "a", "b", "other", "c"],
    )
    .await;
    assert_eq!(done, ["new", "a", "b", "other", "c"]);
    assert_once("insert", "c");
    assert_eq!(calls("insert").len(), 6);
}

#[tokio::test]
async fn an_item_that_was_changed_is_done_again_and_one_that_is_gone_is_not() {
    let done = with_another_list("change", &["a", "b", "c"], "c", &["a2", "c"]).await;
    assert_eq!(done, ["a2", "c"]);
    assert_once("change", "c");
    assert_eq!(calls("change").len(), 5);
}

#[tokio::test]
async fn items_that_are_equal_are_done_once_each_with_keys_of_their_own() {
    let done = with_another_list(
        "equal",
        &["a", "a", "b", "a", "c"],
        "c",
        &["b", "a", "c", "a", "a", "a"],
    )
    .await;
    assert_eq!(done, ["b", "a", "c", "a", "a", "a"]);
    assert_once("equal", "c");
    let mut keys: Vec<_> = calls("equal")
        .into_iter()
        .filter(|(item, _)| item == "a")
        .collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 4);
}

#[node(Accounts, writes = receipts, parallel = 4)]
async fn at_once(
    #[each(list)] item: &str,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, String> {
    tokio::task::yield_now().await;
    work(item, attempt)
}

flow! { AtOnce { at_once; } }

#[tokio::test]
async fn a_key_names_the_same_item_when_several_are_in_flight() {
    let (_folder, runs) = runs().await;
    let list: Vec<_> = (0..40)
        .map(|number| format!("item {}", number % 30))
        .collect();
    lose("flight", "item 20");
    AtOnce
        .with(runs.run("flight"))
        .run(&mut Accounts {
            list,
            ..Default::default()
        })
        .await
        .unwrap_err();
    mend("flight");
    let mut again = Accounts::default();
    AtOnce
        .with(runs.run("flight"))
        .run(&mut again)
        .await
        .unwrap();
    let mut items = BTreeMap::new();
    for (item, key) in calls("flight") {
        assert_eq!(*items.entry(key).or_insert_with(|| item.clone()), item);
    }
    assert_eq!(items.len(), 40);
    assert!(
        calls("flight").len() <= 44,
        "only those in flight were done again: {}",
        calls("flight").len()
    );
    for (item, receipt) in again.list.iter().zip(again.receipts.unwrap()) {
        assert!(
            receipt.starts_with(&format!("{item}, ")),
            "{item}: {receipt}"
        );
    }
}

/// A collection whose items come in any order.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Order {
    lines: HashMap<u32, f64>,
}

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Orders {
    orders: Vec<Order>,
    left: Option<Vec<f64>>,
    right: Option<Vec<f64>>,
}

static SUMS: Mutex<Vec<(String, f64)>> = Mutex::new(Vec::new());

fn sum(order: &Order, attempt: Attempt<'_>) -> Result<f64, String> {
    let sum: f64 = order.lines.values().sum();
    let key = attempt.key().unwrap();
    if LOST
        .lock()
        .unwrap()
        .get(key.run)
        .is_some_and(|lost| lost == &sum.to_string())
    {
        return Err("lost".into());
    }
    SUMS.lock().unwrap().push((key.to_string(), sum));
    Ok(sum)
}

#[node(Orders, writes = left)]
fn left(#[each(orders)] order: &Order, #[attempt] attempt: Attempt<'_>) -> Result<f64, String> {
    sum(order, attempt)
}

#[node(Orders, writes = right)]
fn right(#[each(orders)] order: &Order, #[attempt] attempt: Attempt<'_>) -> Result<f64, String> {
    sum(order, attempt)
}

flow! { Both { (left, right) >> end; } }

#[tokio::test]
async fn an_item_that_holds_a_map_is_known_in_any_order_and_in_each_branch() {
    let (_folder, runs) = runs().await;
    let order = |n: u32| Order {
        lines: (0..30).map(|line| (line, f64::from(line * n))).collect(),
    };
    let orders = vec![order(1), order(2), order(3)];
    lose("maps", "1305");
    Both.with(runs.run("maps"))
        .run(&mut Orders {
            orders,
            ..Default::default()
        })
        .await
        .unwrap_err();
    mend("maps");
    let mut again = Orders::default();
    Both.with(runs.run("maps")).run(&mut again).await.unwrap();
    assert_eq!(
        (again.left, again.right),
        (
            Some(vec![435.0, 870.0, 1305.0]),
            Some(vec![435.0, 870.0, 1305.0])
        )
    );
    let mut sums = SUMS.lock().unwrap().clone();
    sums.sort_by(|a, b| a.0.cmp(&b.0));
    let all = sums.len();
    sums.dedup();
    assert_eq!((sums.len(), all), (6, 6));
}

#[tokio::test]
async fn what_an_older_version_kept_is_known_by_its_index() {
    let (folder, runs) = runs().await;
    let list: Vec<_> = ["a", "b", "c"].map(str::to_owned).into();
    lose("old", "c");
    Each.with(runs.run("old"))
        .run(&mut Accounts {
            list,
            ..Default::default()
        })
        .await
        .unwrap_err();
    mend("old");
    change(
        &folder,
        "UPDATE items SET json = json_extract(json, ?1)",
        "$.result",
    );
    change(&folder, "UPDATE items SET json = ?1 || json || '\"'", "\"");
    let mut again = Accounts::default();
    Each.with(runs.run("old")).run(&mut again).await.unwrap();
    assert_once("old", "c");
    assert_eq!(again.receipts.unwrap().len(), 3);
}

mod retyped {
    use super::*;

    mod v1 {
        use super::*;
        #[node(Accounts, writes = lengths)]
        pub(super) fn send(
            #[each(list)] item: &str,
            #[attempt] attempt: Attempt<'_>,
        ) -> Result<usize, String> {
            work(item, attempt).map(|done| done.len())
        }
    }

    mod v2 {
        use super::*;
        #[node(Accounts, writes = others)]
        pub(super) fn send(
            #[each(list)] item: &str,
            #[attempt] attempt: Attempt<'_>,
        ) -> Result<String, String> {
            work(item, attempt)
        }
    }

    mod before {
        use super::v1::send;
        pocketflow::flow! { pub(crate) Sends { send; } }
    }

    mod after {
        use super::v2::send;
        pocketflow::flow! { pub(crate) Sends { send; } }
    }

    #[tokio::test]
    async fn kept_results_of_another_type_are_listed_and_can_be_dropped() {
        let (_folder, runs) = runs().await;
        let list: Vec<_> = ["a", "b", "c"].map(str::to_owned).into();
        lose("type", "c");
        before::Sends
            .with(runs.run("type"))
            .run(&mut Accounts {
                list,
                ..Default::default()
            })
            .await
            .unwrap_err();
        mend("type");
        for migrate in [false, true] {
            let run = if migrate {
                runs.run("type").migrate(Ok)
            } else {
                runs.run("type")
            };
            let error = after::Sends
                .with(run)
                .run(&mut Accounts::default())
                .await
                .unwrap_err();
            let Changed { conflicts, .. } = error
                .cause()
                .downcast_ref()
                .unwrap_or_else(|| panic!("{error:#}"));
            assert_eq!(conflicts.len(), 2, "{conflicts:?}");
            assert!(
                conflicts[0]
                    .contains("the stored result of `Sends > send` for item 0 does not fit"),
                "{conflicts:?}"
            );
            assert!(
                conflicts[0].contains("`pocketflow runs drop-items type`"),
                "{conflicts:?}"
            );
        }
        assert_eq!(calls("type").len(), 3, "nothing was done");
        assert_eq!(runs.drop_items("type").await.unwrap(), 2);
        assert_eq!(runs.storage().items("type", 1).await.unwrap(), []);
        after::Sends
            .with(runs.run("type"))
            .run(&mut Accounts::default())
            .await
            .unwrap();
        assert_eq!(calls("type").len(), 6);
        assert!(matches!(
            runs.drop_items("none").await,
            Err(StorageError::UnknownRun { .. })
        ));
    }
}
