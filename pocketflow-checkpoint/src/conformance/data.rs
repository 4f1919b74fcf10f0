//! The data of a run: on every engine, it is read back as it was stored, and belongs to the run
//! that stored it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use crate::{
    BadState, Changed, Checkpoints, ItemKey, OtherFlow, OtherInput, Parked, Status, Storage,
    WrongValue,
};
use pocketflow::{Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::support::*;

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Odd {
    topic: String,
    numbers: Vec<f64>,
    singles: Option<Vec<f32>>,
    seats: BTreeMap<(u8, u8), Option<Option<u8>>>,
    huge: (i128, u128),
    raw: Option<Box<RawValue>>,
    text: String,
    #[serde(skip)]
    client: Option<u8>,
    #[serde(rename = "verdict")]
    answer: Option<bool>,
    done: Option<bool>,
}

struct Make;

#[node(Odd)]
impl Make {
    fn exec(&self) {}

    fn post(&self, shared: &mut Odd) {
        shared.numbers = (0..500)
            .map(|_| f64::from_bits(fastrand::u64(..)))
            .filter(|f| !f.is_nan())
            .collect();
        shared
            .numbers
            .extend([f64::NAN, -f64::NAN, f64::NEG_INFINITY, -0.0, 0.1 + 0.2]);
        shared.singles = Some(vec![0.1, f32::INFINITY, f32::MIN_POSITIVE / 2.0]);
        shared.seats = [((1, 2), Some(None)), ((0, 9), None)].into();
        shared.huge = (i128::MIN, u128::MAX);
        shared.raw = serde_json::from_str(r#"{ "b": 1.50, "a": 1e2 }"#).unwrap();
        shared.text = "\0 \u{1f980} ' \" \\ \u{feff}".into();
    }
}

#[node(Odd, writes = done)]
fn finish(answer: &bool) -> bool {
    *answer
}

flow! { Hold { make: Make; make >> await(answer) >> finish; } }
flow! { Other { other: Make; other; } }

fn bits(odd: &Odd) -> String {
    let numbers: Vec<_> = odd.numbers.iter().map(|number| number.to_bits()).collect();
    let singles: Vec<_> = odd
        .singles
        .iter()
        .flatten()
        .map(|number| number.to_bits())
        .collect();
    format!(
        "{numbers:?} {singles:?} {:?} {:?} {:?} {:?}",
        odd.seats, odd.huge, odd.raw, odd.text
    )
}

pub async fn a_state_comes_back_as_it_was<S: Storage>(a: S, b: S) {
    let (a, b) = (Checkpoints::new(a), Checkpoints::new(b));
    let hold = Hold { make: Make };
    let mut first = Odd {
        topic: "x".into(),
        client: Some(1),
        ..Odd::default()
    };
    let parked = hold
        .with(a.run("bits").park())
        .run(&mut first)
        .await
        .unwrap_err();
    assert!(parked.cause().is::<Parked>(), "{parked:#}");
    b.fill_value("bits", "answer", &true).await.unwrap();
    let mut again = Odd {
        client: Some(2),
        ..Odd::default()
    };
    hold.with(b.run("bits")).run(&mut again).await.unwrap();
    assert!(bits(&again) == bits(&first));
    assert_eq!(
        (again.client, again.done),
        (Some(2), Some(true)),
        "what serde skips is the caller's"
    );

    let mut over = Odd::default();
    hold.with(a.run("bits")).run(&mut over).await.unwrap();
    assert!(bits(&over) == bits(&first));
    let mut other = Odd {
        topic: "y".into(),
        ..Odd::default()
    };
    let error = hold.with(a.run("bits")).run(&mut other).await.unwrap_err();
    let OtherInput { fields, .. } = error
        .cause()
        .downcast_ref()
        .unwrap_or_else(|| panic!("{error:#}"));
    assert_eq!(fields, &["topic"]);
    let error = Other { other: Make }
        .with(a.run("bits"))
        .run(&mut other)
        .await
        .unwrap_err();
    assert!(error.cause().is::<OtherFlow>(), "{error:#}");
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Tree(Vec<Tree>);

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Deep {
    steps: u8,
    tree: Tree,
}

struct Grow;

#[node(Deep)]
impl Grow {
    fn exec(&self) {}

    fn post(&self, steps: &mut u8, tree: &mut Tree) {
        *steps += 1;
        if *steps == 2 {
            *tree = (0..400).fold(Tree::default(), |tree, _| Tree(vec![tree]));
        }
    }
}

flow! { Grows { first: Grow; second: Grow; first >> second; } }

pub async fn a_value_that_cannot_come_back_is_refused_at_its_step<S: Storage>(a: S, b: S) {
    let runs = Checkpoints::new(a);
    let grows = Grows {
        first: Grow,
        second: Grow,
    };
    let error = grows
        .with(runs.run("deep"))
        .run(&mut Deep::default())
        .await
        .unwrap_err();
    let bad: &BadState = error
        .cause()
        .downcast_ref()
        .unwrap_or_else(|| panic!("{error:#}"));
    assert_eq!(
        (bad.doing, bad.what.as_str()),
        ("store", "the field `tree`")
    );
    let run = show(&b, "deep").await;
    assert_eq!(
        (run.status, run.step, run.state.as_str()),
        (Status::Failed, 1, r#"{"steps":1,"tree":[]}"#)
    );
}

pub async fn a_value_that_does_not_fit_is_refused_with_a_reason<S: Storage>(a: S, b: S) {
    let (a, b) = (Checkpoints::new(a), Checkpoints::new(b));
    let hold = Hold { make: Make };
    hold.with(a.run("fill").park())
        .run(&mut Odd::default())
        .await
        .unwrap_err();
    b.fill("fill", "answer", r#""a secret""#).await.unwrap();
    let error = hold
        .with(a.run("fill").park())
        .run(&mut Odd::default())
        .await
        .unwrap_err();
    assert!(error.cause().is::<WrongValue>(), "{error:#}");
    let listed = b.list(Some(Status::Waiting)).await.unwrap();
    let message = listed[0].message.as_deref().unwrap();
    let expected =
        "the value does not fit the field `answer`: invalid type: string, expected a boolean";
    assert!(message.starts_with(expected), "{message}");
    // What was filled in may be confidential.
    let printed = format!("{error:#} {error:?} {listed:?}");
    assert!(!printed.contains("secret"), "{printed}");
    b.fill("fill", "answer", "true").await.unwrap();
    hold.with(a.run("fill").park())
        .run(&mut Odd::default())
        .await
        .unwrap();
}

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Accounts {
    accounts: HashMap<String, u32>,
    numbers: Option<Vec<usize>>,
    texts: Option<Vec<String>>,
}

static CALLS: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// One item fails on the first start of each run. The test counts all calls.
fn charge(account: &str, attempt: Attempt<'_>) -> Result<String, String> {
    let key = attempt.key().unwrap().to_string();
    let mut calls = CALLS.lock().unwrap();
    let again = calls.iter().any(|(_, of)| *of == key);
    calls.push((account.to_owned(), key));
    if account == "account-7" && !again {
        Err("lost".into())
    } else {
        Ok(account.into())
    }
}

struct Charge;

#[node(Accounts, writes(texts))]
impl Charge {
    fn prep(&self, accounts: &HashMap<String, u32>) -> Vec<String> {
        accounts.keys().cloned().collect()
    }

    async fn exec(
        &self,
        #[each(prep)] account: &str,
        #[attempt] attempt: Attempt<'_>,
    ) -> Result<String, String> {
        charge(account, attempt)
    }

    fn post(&self, texts: &mut Option<Vec<String>>, exec: Vec<String>) {
        *texts = Some(exec);
    }
}

struct Count;

#[node(Accounts, writes(numbers))]
impl Count {
    fn prep(&self, accounts: &HashMap<String, u32>) -> Vec<String> {
        let mut accounts: Vec<_> = accounts.keys().cloned().collect();
        accounts.sort();
        accounts
    }

    async fn exec(
        &self,
        #[each(prep)] account: &str,
        #[attempt] attempt: Attempt<'_>,
    ) -> Result<usize, String> {
        charge(account, attempt).map(|account| account.len())
    }

    fn post(&self, numbers: &mut Option<Vec<usize>>, exec: Vec<usize>) {
        *numbers = Some(exec);
    }
}

mod before {
    use super::*;
    flow! { pub(crate) Charges { work: Count; work; } }
}

mod after {
    use super::*;
    flow! { pub(crate) Charges { work: Charge; work; } }
}

fn accounts() -> Accounts {
    let accounts = (0..12)
        .map(|number| (format!("account-{number}"), 1))
        .collect();
    Accounts {
        accounts,
        ..Accounts::default()
    }
}

/// How often each item of a run was processed, by its key.
fn calls(run: &str) -> BTreeMap<(String, String), usize> {
    let calls = CALLS.lock().unwrap();
    let mut times = BTreeMap::new();
    for call in calls
        .iter()
        .filter(|(_, key)| key.starts_with(&format!("{run}/")))
    {
        *times.entry(call.clone()).or_default() += 1;
    }
    times
}

pub async fn items_in_another_order_are_done_once<S: Storage>(a: S, b: S) {
    let engine = std::any::type_name::<S>();
    let run = format!("map-{}", engine.len());
    let charges = after::Charges { work: Charge };
    charges
        .with(Checkpoints::new(a).run(&run))
        .run(&mut accounts())
        .await
        .unwrap_err();
    let mut again = Accounts::default();
    charges
        .with(Checkpoints::new(b).run(&run))
        .run(&mut again)
        .await
        .unwrap();
    assert!(again.accounts.keys().eq(again.texts.unwrap().iter()));
    let calls = calls(&run);
    assert_eq!(calls.len(), 12, "each item has one key: {calls:?}");
    assert!(
        calls
            .iter()
            .all(|((item, _), times)| *times == if item == "account-7" { 2 } else { 1 }),
        "{calls:?}"
    );
}

pub async fn kept_results_of_another_type_are_listed_and_dropped<S: Storage>(a: S, b: S) {
    let run = format!("type-{}", std::any::type_name::<S>().len());
    let runs = Checkpoints::new(a);
    before::Charges { work: Count }
        .with(runs.run(&run))
        .run(&mut accounts())
        .await
        .unwrap_err();
    let kept = b.items(&run, 1).await.unwrap().len();
    assert!(kept > 0);
    let charges = after::Charges { work: Charge };
    let error = charges
        .with(runs.run(&run))
        .run(&mut Accounts::default())
        .await
        .unwrap_err();
    let Changed { conflicts, .. } = error
        .cause()
        .downcast_ref()
        .unwrap_or_else(|| panic!("{error:#}"));
    assert_eq!(conflicts.len(), kept);
    assert_eq!(runs.drop_items(&run).await.unwrap(), kept as u64);
    charges
        .with(runs.run(&run))
        .run(&mut Accounts::default())
        .await
        .unwrap();
}

pub async fn items_of_a_live_run_are_not_dropped<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let key = ItemKey {
        branch: None,
        item: Some(0),
    };
    a.keep_item("r", "me", 1, &key, "1").await.unwrap();
    fails!(b.drop_items("r").await, Alive);
    a.release("r", "me").await.unwrap();
    assert_eq!(b.drop_items("r").await.unwrap(), 1);
    assert_eq!(b.drop_items("r").await.unwrap(), 0);
    fails!(b.drop_items("none").await, UnknownRun);
}
