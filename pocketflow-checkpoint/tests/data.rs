//! The data of a durable run is either read back as it was or rejected at the step that made it.
//! Stored data is never mistaken for something else.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::{
    BadState, Changed, Checkpoints, OtherFlow, OtherInput, Parked, SkippedField, Status, Storage,
    StorageError, WrongValue,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tempfile::TempDir;

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    (folder, file)
}

async fn runs() -> (TempDir, Checkpoints) {
    let (folder, file) = file();
    (folder, Checkpoints::open(&file).await.unwrap())
}

fn cause<T: std::error::Error + 'static>(error: &pocketflow::Error) -> &T {
    error
        .cause()
        .downcast_ref()
        .unwrap_or_else(|| panic!("{error:#}"))
}

/// All values that are hard to store.
#[derive(Shared, Debug, Default, Serialize, Deserialize)]
struct Odd {
    prices: Vec<f64>,
    singles: Vec<f32>,
    tagged: Option<f64>,
    nested: Option<Option<u8>>,
    unit: Option<()>,
    #[serde(default)]
    huge: (i128, u128),
    seats: HashMap<(u8, u8), String>,
    bytes: BTreeMap<Vec<u8>, u8>,
    set: HashSet<String>,
    raw: Option<Box<RawValue>>,
    deep: Option<Deep>,
    go_on: Option<bool>,
    done: Option<bool>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Deep(Vec<Deep>);

fn deep(depth: usize) -> Deep {
    (0..depth).fold(Deep::default(), |inner, _| Deep(vec![inner]))
}

struct Make;

#[node(Odd)]
impl Make {
    fn exec(&self) {}

    fn post(&self, shared: &mut Odd) {
        shared.prices = (0..2_000)
            .map(|_| f64::from_bits(fastrand::u64(..)))
            .filter(|f| f.is_finite())
            .collect();
        shared.prices.extend([
            0.1 + 0.2,
            f64::NAN,
            -f64::NAN,
            f64::INFINITY,
            -0.0,
            f64::MIN_POSITIVE / 2.0,
        ]);
        shared.singles = vec![0.1, f32::NAN, f32::NEG_INFINITY, f32::MIN_POSITIVE / 2.0];
        shared.tagged = Some(f64::NAN);
        shared.nested = Some(None);
        shared.unit = Some(());
        shared.huge = (i128::MIN, u128::MAX);
        shared.seats = [((1, 2), "Ada".into()), ((0, 9), "Bob".into())].into();
        shared.bytes = [(vec![1, 2], 3)].into();
        shared.set = (0..50).map(|number| number.to_string()).collect();
        shared.raw = serde_json::from_str(r#"{ "b": 1.50, "a": 1e2 }"#).unwrap();
        shared.deep = Some(deep(100));
    }
}

#[node(Odd, writes = done)]
fn finish(go_on: &bool) -> bool {
    *go_on
}

flow! { Hold { make: Make; make >> await(go_on) >> finish; } }

/// Asserts that two values are equal, and floats bit by bit.
fn assert_same(a: &Odd, b: &Odd) {
    let bits = |odd: &Odd| {
        odd.prices
            .iter()
            .map(|price| price.to_bits())
            .collect::<Vec<_>>()
    };
    let differ: Vec<_> = bits(a)
        .into_iter()
        .zip(bits(b))
        .filter(|(a, b)| a != b)
        .collect();
    assert_eq!((differ, a.prices.len()), (vec![], b.prices.len()));
    let singles = |odd: &Odd| {
        odd.singles
            .iter()
            .map(|single| single.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(singles(a), singles(b));
    assert_eq!(a.tagged.map(f64::to_bits), b.tagged.map(f64::to_bits));
    assert_eq!((a.nested, a.unit, a.huge), (b.nested, b.unit, b.huge));
    assert_eq!((&a.seats, &a.bytes, &a.set), (&b.seats, &b.bytes, &b.set));
    assert_eq!(
        a.raw.as_ref().map(|raw| raw.get()),
        b.raw.as_ref().map(|raw| raw.get())
    );
    assert_eq!((&a.deep, a.go_on, a.done), (&b.deep, b.go_on, b.done));
}

#[tokio::test]
async fn every_value_comes_back_bit_by_bit() {
    let (_folder, runs) = runs().await;
    let hold = Hold { make: Make };
    let mut first = Odd::default();
    let parked = hold
        .with(runs.run("a").park())
        .run(&mut first)
        .await
        .unwrap_err();
    assert_eq!(cause::<Parked>(&parked).field, "go_on");
    let mut again = Odd::default();
    let parked = hold
        .with(runs.run("a").park())
        .run(&mut again)
        .await
        .unwrap_err();
    assert_eq!(cause::<Parked>(&parked).field, "go_on");
    assert_same(&again, &first);
    assert_same(
        &runs.state_at::<Odd>("a", 1).await.unwrap().unwrap(),
        &first,
    );

    runs.fill("a", "go_on", "true").await.unwrap();
    hold.with(runs.run("a")).run(&mut again).await.unwrap();
    (first.go_on, first.done) = (Some(true), Some(true));
    assert_same(&again, &first);
    let mut over = Odd::default();
    hold.with(runs.run("a")).run(&mut over).await.unwrap();
    assert_same(&over, &first);
}

/// A type whose values are read back as different ones, in every format.
#[derive(Debug, Default, Clone, PartialEq)]
struct Trimmed(String);

impl Serialize for Trimmed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Trimmed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?.trim().to_owned()))
    }
}

#[derive(Shared, Debug, Default, Serialize, Deserialize)]
struct Note {
    text: Trimmed,
    tree: Option<Deep>,
    depth: usize,
    steps: u32,
}

struct Grow;

#[node(Note)]
impl Grow {
    fn exec(&self) {}

    fn post(&self, shared: &mut Note) {
        shared.steps += 1;
        if shared.steps == 2 {
            shared.tree = Some(deep(shared.depth));
            shared
                .text
                .0
                .push(if shared.depth == 0 { ' ' } else { '.' });
        }
    }
}

flow! { Grows { first: Grow; second: Grow; first >> second; } }

#[tokio::test]
async fn what_does_not_come_back_is_refused_at_the_step_that_made_it() {
    let (_folder, runs) = runs().await;
    let grows = Grows {
        first: Grow,
        second: Grow,
    };
    let error = grows
        .with(runs.run("a"))
        .run(&mut Note::default())
        .await
        .unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "Grows > second: stopped: cannot store the field `text` of run `a`: it would not be read back as it is"
    );
    let stored = runs.storage().show("a").await.unwrap().unwrap();
    assert_eq!((stored.status, stored.step), (Status::Failed, 1));
    assert_eq!(
        stored.state,
        r#"{"text":"","tree":null,"depth":0,"steps":1}"#
    );

    let mut note = Note {
        depth: 500,
        ..Note::default()
    };
    let error = grows.with(runs.run("b")).run(&mut note).await.unwrap_err();
    let text = format!("{error:#}");
    assert!(
        text.contains("cannot store the field `tree` of run `b`: recursion limit exceeded"),
        "{text}"
    );

    let mut note = Note {
        text: Trimmed(" a".into()),
        ..Note::default()
    };
    grows.with(runs.run("c")).run(&mut note).await.unwrap_err();
    assert!(
        runs.storage().show("c").await.unwrap().is_none(),
        "it has not begun"
    );
}

mod skipped {
    use super::*;

    #[derive(Debug, Default, Clone, PartialEq)]
    struct Client(u32);

    #[derive(Shared, Debug, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Call {
        #[serde(skip)]
        client: Client,
        #[serde(skip)]
        cache: Option<u32>,
        #[serde(rename = "verdict")]
        is_approved: Option<bool>,
        used_client: Option<u32>,
    }

    #[node(Call, writes = used_client)]
    fn call(client: &Client, is_approved: &bool) -> u32 {
        client.0 * u32::from(*is_approved)
    }

    flow! { Ask { await(is_approved) >> call; } }

    fn given() -> Call {
        Call {
            client: Client(7),
            cache: Some(1),
            ..Call::default()
        }
    }

    #[tokio::test]
    async fn what_serde_skips_outlives_an_await() {
        let (_folder, runs) = runs().await;
        let run = runs.run("a");
        let waits = tokio::spawn(async move {
            let mut shared = given();
            Ask.with(run).run(&mut shared).await.map(|_| shared)
        });
        while runs.list(Some(Status::Waiting)).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        runs.fill_value("a", "is_approved", &true).await.unwrap();
        let shared = waits.await.unwrap().unwrap();
        assert_eq!(
            (shared.client, shared.cache, shared.used_client),
            (Client(7), Some(1), Some(7))
        );
    }

    #[tokio::test]
    async fn what_serde_skips_is_the_callers_on_a_resume() {
        let (_folder, runs) = runs().await;
        Ask.with(runs.run("a").park())
            .run(&mut given())
            .await
            .unwrap_err();
        runs.fill("a", "is_approved", "true").await.unwrap();
        let mut shared = Call {
            client: Client(9),
            ..Call::default()
        };
        Ask.with(runs.run("a")).run(&mut shared).await.unwrap();
        assert_eq!(
            (shared.client, shared.cache, shared.used_client),
            (Client(9), None, Some(9))
        );
        assert_eq!(
            runs.state_at::<Call>("a", 2)
                .await
                .unwrap()
                .unwrap()
                .used_client,
            Some(9)
        );
    }

    #[derive(Shared, Debug, Default, Serialize, Deserialize)]
    struct Lost {
        #[serde(skip)]
        answer: Option<bool>,
        #[serde(skip)]
        token: Option<String>,
        go_on: Option<bool>,
        sent: Option<String>,
    }

    #[node(Lost, writes = sent)]
    fn send(answer: &bool) -> String {
        answer.to_string()
    }

    flow! { WaitsForSkipped { await(answer) >> send; } }

    #[tokio::test]
    async fn a_wait_for_a_field_that_serde_skips_is_refused_when_the_run_begins() {
        let (_folder, runs) = runs().await;
        let error = WaitsForSkipped
            .with(runs.run("a").park())
            .run(&mut Lost::default())
            .await
            .unwrap_err();
        let BadState { what, .. } = cause(&error);
        assert_eq!(what, "the field `answer`, for which the flow waits,");
        assert!(runs.list(None).await.unwrap().is_empty());
    }

    #[node(Lost, writes = token)]
    fn log_in() -> String {
        "secret".into()
    }

    #[node(Lost, writes = sent)]
    fn use_token(token: &str, go_on: &bool) -> String {
        format!("{token} {go_on}")
    }

    flow! { Login { log_in >> await(go_on) >> use_token; } }

    #[tokio::test]
    async fn a_late_field_that_serde_skips_must_be_given_again() {
        let (_folder, runs) = runs().await;
        Login
            .with(runs.run("a").park())
            .run(&mut Lost::default())
            .await
            .unwrap_err();
        runs.fill("a", "go_on", "true").await.unwrap();
        let error = Login
            .with(runs.run("a"))
            .run(&mut Lost::default())
            .await
            .unwrap_err();
        let skipped: &SkippedField = cause(&error);
        assert_eq!(
            (skipped.node.as_str(), skipped.field.as_str()),
            ("Login > use_token", "token")
        );
        assert_eq!(
            runs.list(Some(Status::Waiting)).await.unwrap().len(),
            1,
            "the run is as it was"
        );
        let mut shared = Lost {
            token: Some("other".into()),
            ..Lost::default()
        };
        Login.with(runs.run("a")).run(&mut shared).await.unwrap();
        assert_eq!(shared.sent.as_deref(), Some("other true"));
    }
}

mod over {
    use super::*;

    static EXECS: AtomicUsize = AtomicUsize::new(0);

    #[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
    struct Job {
        topic: String,
        tags: HashSet<String>,
        count: u64,
        result: Option<String>,
    }

    #[node(Job, writes = result)]
    fn work(topic: &str) -> String {
        EXECS.fetch_add(1, SeqCst);
        topic.to_uppercase()
    }

    #[node(Job, writes = result)]
    fn other_work(topic: &str) -> String {
        topic.to_lowercase()
    }

    flow! { Shout { work; } }
    flow! { Whisper { other_work; } }

    fn job(topic: &str) -> Job {
        Job {
            topic: topic.into(),
            tags: (0..20).map(|tag| tag.to_string()).collect(),
            ..Job::default()
        }
    }

    #[tokio::test]
    async fn a_finished_run_is_one_of_its_flow_and_its_input() {
        let (_folder, runs) = runs().await;
        let mut first = job("Rain");
        Shout.with(runs.run("a")).run(&mut first).await.unwrap();

        let mut same = job("Rain");
        Shout.with(runs.run("a")).run(&mut same).await.unwrap();
        assert_eq!(
            same, first,
            "the same input, whose set has another order, has the same result"
        );
        Shout.with(runs.run("a")).run(&mut same).await.unwrap();
        let mut nothing = Job::default();
        Shout.with(runs.run("a")).run(&mut nothing).await.unwrap();
        assert_eq!(nothing, first, "a caller without a store gets the result");

        for (other, field) in [
            (job("Snow"), "topic"),
            (
                Job {
                    count: 1,
                    ..job("Rain")
                },
                "count",
            ),
        ] {
            let mut shared = other.clone();
            let error = Shout
                .with(runs.run("a"))
                .run(&mut shared)
                .await
                .unwrap_err();
            let OtherInput { run, fields } = cause(&error);
            assert_eq!((run.as_str(), &fields[..]), ("a", &[field.to_owned()][..]));
            assert_eq!(shared, other, "it is as it was");
        }

        let error = Whisper
            .with(runs.run("a"))
            .run(&mut job("Rain"))
            .await
            .unwrap_err();
        let asked = OtherFlow {
            run: "a".into(),
            ran: "Shout".into(),
            asked: "Whisper".into(),
        };
        assert_eq!(cause::<OtherFlow>(&error), &asked);
        let unnamed = flow! { other_work; };
        let error = unnamed
            .with(runs.run("a"))
            .run(&mut job("Rain"))
            .await
            .unwrap_err();
        assert_eq!(cause::<OtherFlow>(&error).asked, "flow");

        let unnamed = flow! { work; };
        unnamed
            .with(runs.run("b"))
            .run(&mut job("Rain"))
            .await
            .unwrap();
        unnamed
            .with(runs.run("b"))
            .run(&mut job("Rain"))
            .await
            .unwrap();
        let unnamed = flow! { other_work; };
        assert!(
            unnamed
                .with(runs.run("b"))
                .run(&mut job("Rain"))
                .await
                .unwrap_err()
                .cause()
                .is::<OtherFlow>()
        );
        assert_eq!(EXECS.load(SeqCst), 2);
    }

    #[derive(Shared, Debug, Serialize, Deserialize)]
    struct NoDefault {
        topic: String,
        result: Option<String>,
    }

    #[node(NoDefault, writes = result)]
    fn echo(topic: &str) -> String {
        topic.into()
    }

    flow! { Echo { echo; } }

    #[tokio::test]
    async fn a_store_without_a_default_is_compared_as_well() {
        let (_folder, runs) = runs().await;
        let job = |topic: &str| NoDefault {
            topic: topic.into(),
            result: None,
        };
        Echo.with(runs.run("a")).run(&mut job("x")).await.unwrap();
        let mut same = job("x");
        Echo.with(runs.run("a")).run(&mut same).await.unwrap();
        assert_eq!(same.result.as_deref(), Some("x"));
        assert!(
            Echo.with(runs.run("a"))
                .run(&mut job("y"))
                .await
                .unwrap_err()
                .cause()
                .is::<OtherInput>()
        );
    }
}

mod new_before {
    use super::*;

    static PAID: AtomicUsize = AtomicUsize::new(0);

    #[derive(Shared, Debug, Default, Serialize, Deserialize)]
    struct Order {
        made: Option<String>,
        go_on: Option<bool>,
        paid: Option<bool>,
        address: Option<String>,
        shipped: Option<String>,
    }

    #[node(Order, writes = made)]
    fn make() -> String {
        "made".into()
    }

    #[node(Order, writes = paid)]
    fn pay(go_on: &bool) -> bool {
        PAID.fetch_add(1, SeqCst);
        *go_on
    }

    #[node(Order, writes = address)]
    fn address() -> String {
        "1 High Street".into()
    }

    mod v1 {
        use super::*;
        #[node(Order, writes = shipped)]
        pub(super) fn ship(made: &str) -> String {
            made.into()
        }
        flow! { pub(crate) Inner { make >> await(go_on) >> pay; } }
        flow! { pub(crate) Shop { Inner >> ship; } }
    }

    mod v2 {
        use super::*;
        #[node(Order, writes = shipped)]
        pub(super) fn ship(address: &str) -> String {
            address.into()
        }
        flow! { pub(crate) Inner { address >> make >> await(go_on) >> pay; } }
        flow! { pub(crate) Shop { Inner >> ship; } }
    }

    #[tokio::test]
    async fn a_node_that_was_added_before_the_position_and_is_needed_after_it_is_refused() {
        let (_folder, runs) = runs().await;
        v1::Shop
            .with(runs.run("a").park())
            .run(&mut Order::default())
            .await
            .unwrap_err();
        runs.fill("a", "go_on", "true").await.unwrap();
        let error = v2::Shop
            .with(runs.run("a"))
            .run(&mut Order::default())
            .await
            .unwrap_err();
        let Changed { conflicts, .. } = cause(&error);
        assert_eq!(
            conflicts,
            &[
                "`Shop > ship` reads the field `address`, which is empty; the run stands at `Inner > await(go_on)`, and nothing fills \
               it from there on"
            ]
        );
        assert_eq!(PAID.load(SeqCst), 0, "nothing has run");

        // A field that a migration leaves empty is rejected as well.
        let run = runs.run("a").migrate(Ok);
        assert!(
            v2::Shop
                .with(run)
                .run(&mut Order::default())
                .await
                .unwrap_err()
                .cause()
                .is::<Changed>()
        );
        let run = runs.run("a").migrate(|mut state| {
            state["address"] = "2 Low Street".into();
            Ok(state)
        });
        let mut order = Order::default();
        v2::Shop.with(run).run(&mut order).await.unwrap();
        assert_eq!(
            (order.shipped.as_deref(), PAID.load(SeqCst)),
            (Some("2 Low Street"), 1)
        );
    }
}

mod retyped {
    use super::*;

    #[derive(Shared, Debug, Default, Serialize, Deserialize)]
    struct V1 {
        price: u64,
        go_on: Option<bool>,
    }

    #[node(V1)]
    fn begin(price: &u64) {
        assert!(*price < 100);
    }

    mod v1 {
        use super::*;
        flow! { pub(crate) Shop { begin >> await(go_on); } }
    }

    #[derive(Shared, Debug, Default, Serialize, Deserialize)]
    struct V2 {
        price: String,
        go_on: Option<bool>,
    }

    mod v2 {
        use super::*;
        #[node(V2)]
        fn begin(price: &str) {
            assert!(price.len() < 100);
        }
        flow! { pub(crate) Shop { begin >> await(go_on); } }
    }

    #[tokio::test]
    async fn a_field_of_another_type_is_named_and_can_be_migrated() {
        let (_folder, runs) = runs().await;
        v1::Shop
            .with(runs.run("a").park())
            .run(&mut V1 {
                price: 7,
                go_on: None,
            })
            .await
            .unwrap_err();
        let error = v2::Shop
            .with(runs.run("a").park())
            .run(&mut V2::default())
            .await
            .unwrap_err();
        let text = format!("{error:#}");
        assert!(
            error.cause().is::<BadState>() && !text.contains("another version"),
            "{text}"
        );
        assert!(
            text.contains("cannot read the field `price` of run `a`: invalid type: integer `7`"),
            "{text}"
        );
        let migrated = || {
            runs.run("a").park().migrate(|mut state| {
                state["price"] = state["price"].to_string().into();
                Ok(state)
            })
        };
        v2::Shop
            .with(migrated())
            .run(&mut V2::default())
            .await
            .unwrap_err();
        runs.fill("a", "go_on", "true").await.unwrap();
        let mut shared = V2::default();
        v2::Shop.with(migrated()).run(&mut shared).await.unwrap();
        assert_eq!(shared.price, "7");
    }
}

mod filled {
    use super::*;

    #[derive(Shared, Debug, Default, Serialize, Deserialize)]
    struct Form {
        name: Option<String>,
        out: Option<String>,
    }

    #[node(Form, writes = out)]
    fn greet(name: &str) -> String {
        format!("Hello {name}")
    }

    flow! { Greet { await(name) >> greet; } }

    #[tokio::test]
    async fn a_value_of_another_type_is_refused_where_the_type_is_known() {
        let (_folder, file) = file();
        let runs = Checkpoints::open(&file)
            .await
            .unwrap()
            .poll(Duration::from_millis(1));
        let run = runs.run("a");
        let waits = tokio::spawn(async move {
            let mut form = Form::default();
            Greet.with(run).run(&mut form).await.map(|_| form)
        });
        while runs.list(Some(Status::Waiting)).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        for wrong in ["12", "null", r#"["Ada"]"#] {
            let error = runs.fill("a", "name", wrong).await.unwrap_err();
            assert!(
                matches!(&error, StorageError::WrongValue { value, .. } if value == wrong),
                "{error}"
            );
        }
        assert!(matches!(
            runs.fill("a", "name", "Ada").await,
            Err(StorageError::InvalidJson { .. })
        ));
        runs.fill_value("a", "name", "Ada").await.unwrap();
        assert_eq!(
            waits.await.unwrap().unwrap().out.as_deref(),
            Some("Hello Ada")
        );
        assert!(matches!(
            runs.fill("a", "name", "12").await,
            Err(StorageError::NotWaiting { .. })
        ));
    }

    #[tokio::test]
    async fn a_parked_run_rejects_it_when_it_resumes() {
        let (_folder, runs) = runs().await;
        Greet
            .with(runs.run("a").park())
            .run(&mut Form::default())
            .await
            .unwrap_err();
        runs.fill("a", "name", "12").await.unwrap();
        let error = Greet
            .with(runs.run("a").park())
            .run(&mut Form::default())
            .await
            .unwrap_err();
        assert_eq!(cause::<WrongValue>(&error).value, "12");
        runs.fill("a", "name", r#""Ada""#).await.unwrap();
        Greet
            .with(runs.run("a").park())
            .run(&mut Form::default())
            .await
            .unwrap();
    }
}

mod older {
    use super::*;

    #[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Order {
        total_price: f64,
        #[serde(skip)]
        client: u32,
        #[serde(rename = "note", default)]
        text: String,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
        go_on: Option<bool>,
        sent: Option<u32>,
    }

    #[node(Order)]
    fn look(total_price: &f64) {
        assert!(*total_price > 0.0);
    }

    #[node(Order, writes = sent)]
    fn send(go_on: &bool, client: &u32) -> u32 {
        u32::from(*go_on) * client
    }

    flow! { Shop { look >> await(go_on) >> send; } }

    /// What the previous version stored: the whole store as serde writes it, and a graph without
    /// reads and inputs.
    #[tokio::test]
    async fn a_run_of_the_previous_version_resumes() {
        let (folder, runs) = runs().await;
        let mut order = Order {
            total_price: 0.1 + 0.2,
            text: "x".into(),
            client: 1,
            ..Order::default()
        };
        order.rest.insert("extra".into(), 7);
        Shop.with(runs.run("a").park())
            .run(&mut order.clone())
            .await
            .unwrap_err();
        let state = serde_json::to_string(&order).unwrap();
        assert!(
            state.contains("totalPrice") && state.contains("\"extra\""),
            "{state}"
        );
        let mut graph: serde_json::Value =
            serde_json::from_str(&runs.storage().show("a").await.unwrap().unwrap().graph).unwrap();
        let fields = graph.as_object_mut().unwrap();
        assert!(fields.remove("proof").is_some() && fields.remove("input").is_some());
        assert!(
            fields["fields"].get("client").is_some(),
            "fields that serde skips are known by their names"
        );
        let file = rusqlite::Connection::open(folder.path().join("runs.db")).unwrap();
        file.execute(
            "UPDATE states SET state = ?1, graph = ?2",
            [&state, &graph.to_string()],
        )
        .unwrap();

        runs.fill("a", "go_on", "true").await.unwrap();
        let mut again = Order {
            client: 5,
            ..Order::default()
        };
        Shop.with(runs.run("a")).run(&mut again).await.unwrap();
        assert_eq!(
            again,
            Order {
                client: 5,
                go_on: Some(true),
                sent: Some(5),
                ..order
            }
        );
    }
}
