//! Variations of faults that are tested elsewhere: other kinds of values, items and changes, and
//! other moments at which a storage fails.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, SystemTime};

use pocketflow::{Attempt, Shared, flow, node};
use pocketflow_checkpoint::{
    BadState, Changed, Checkpoints, OtherInput, Parked, Status, Storage, StorageError,
};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

async fn runs() -> (TempDir, Checkpoints) {
    let folder = tempfile::tempdir().unwrap();
    let runs = Checkpoints::open(folder.path().join("runs.db"))
        .await
        .unwrap();
    (folder, runs)
}

fn cause<T: std::error::Error + 'static>(error: &pocketflow::Error) -> &T {
    error
        .cause()
        .downcast_ref()
        .unwrap_or_else(|| panic!("{error:#}"))
}

mod values {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    enum Suit {
        Hearts,
        Other(u8),
    }

    #[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
    struct Inner {
        #[serde(skip_serializing_if = "Option::is_none", default)]
        maybe: Option<u8>,
        #[serde(flatten)]
        rest: BTreeMap<String, serde_json::Value>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Price {
            euros: f64,
            huge: u64,
            ids: Vec<i64>,
        },
        Nothing,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(f32),
        Text(String),
        Both { number: f64, text: char },
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "t", content = "c")]
    enum Adjacent {
        Map(BTreeMap<u32, Option<Option<u8>>>),
        Unit,
    }

    #[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
    struct Odd {
        triple: Vec<Option<Option<Option<u8>>>>,
        late: Option<Option<Option<u8>>>,
        zeros: Vec<f64>,
        small: Vec<f32>,
        suits: BTreeMap<Suit, u8>,
        points: BTreeMap<(i8, bool), char>,
        nested: BTreeMap<Option<Suit>, BTreeMap<char, ()>>,
        cow: Cow<'static, str>,
        boxed: Box<[u8]>,
        path: PathBuf,
        wait: Duration,
        time: Option<SystemTime>,
        letter: char,
        largest: (u64, i64, u128),
        text: String,
        inner: Inner,
        tagged: Vec<Tagged>,
        either: Vec<Either>,
        adjacent: Vec<Adjacent>,
        result: Option<Result<(), String>>,
        unit: (),
        bytes: [u8; 32],
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        not_if_empty: Vec<u8>,
        range: Option<std::ops::Range<f64>>,
        net: Option<std::net::IpAddr>,
        set: BTreeSet<(u8, String)>,
        ok: Option<bool>,
        done: Option<bool>,
    }

    fn odd() -> Odd {
        Odd {
            triple: vec![None, Some(None), Some(Some(None)), Some(Some(Some(1)))],
            late: Some(Some(None)),
            zeros: vec![
                0.0,
                -0.0,
                f64::MIN_POSITIVE / 3.0,
                5e-324,
                f64::MAX,
                f64::EPSILON,
                1e23,
                9007199254740993.0,
            ],
            small: vec![
                -0.0,
                f32::MIN_POSITIVE / 3.0,
                1e-45,
                f32::MAX,
                16777217.0,
                0.1,
            ],
            suits: [(Suit::Hearts, 1), (Suit::Other(3), 2)].into(),
            points: [((-1, true), '\u{0}'), ((7, false), '🦀')].into(),
            nested: [
                (None, [('a', ())].into()),
                (Some(Suit::Other(0)), BTreeMap::new()),
            ]
            .into(),
            cow: "cow".into(),
            boxed: [1, 2].into(),
            path: "/tmp/ä".into(),
            wait: Duration::new(u64::MAX, 999_999_999),
            time: Some(SystemTime::UNIX_EPOCH + Duration::new(1, 1)),
            letter: '\u{10ffff}',
            largest: (u64::MAX, i64::MIN, u128::MAX),
            text: "\u{2028}\u{0}\u{feff}\r\n\"$ron\"".repeat(200_000),
            inner: Inner {
                maybe: None,
                rest: [("n".to_owned(), serde_json::json!(-0.0))].into(),
            },
            tagged: vec![
                Tagged::Price {
                    euros: 0.1 + 0.2,
                    huge: u64::MAX,
                    ids: vec![i64::MIN],
                },
                Tagged::Nothing,
            ],
            either: vec![
                Either::Number(0.1),
                Either::Text("0.1".into()),
                Either::Both {
                    number: 1.5,
                    text: '"',
                },
            ],
            adjacent: vec![
                Adjacent::Map([(7, Some(None)), (8, None)].into()),
                Adjacent::Unit,
            ],
            result: Some(Err("no".into())),
            unit: (),
            bytes: [255; 32],
            rest: [("extra".to_owned(), 1)].into(),
            not_if_empty: vec![],
            range: Some(-0.0..f64::INFINITY),
            net: Some([0, 0, 0, 0, 0, 0, 0, 1].into()),
            set: [(1, "a".to_owned())].into(),
            ok: None,
            done: None,
        }
    }

    struct Make;

    #[node(Odd)]
    impl Make {
        fn exec(&self) {}
        fn post(&self, shared: &mut Odd) {
            *shared = odd();
        }
    }

    #[node(Odd, writes = done)]
    fn finish(ok: &bool) -> bool {
        *ok
    }

    flow! { Hold { make: Make; make >> await(ok) >> finish; } }

    #[tokio::test]
    async fn all_kinds_of_values_come_back() {
        let (_folder, runs) = runs().await;
        let hold = Hold { make: Make };
        let parked = hold
            .with(runs.run("a").park())
            .run(&mut Odd::default())
            .await
            .unwrap_err();
        cause::<Parked>(&parked);
        runs.fill("a", "ok#1", "true").await.unwrap();
        let mut again = Odd::default();
        hold.with(runs.run("a")).run(&mut again).await.unwrap();
        let expected = Odd {
            ok: Some(true),
            done: Some(true),
            ..odd()
        };
        assert_eq!(format!("{again:?}"), format!("{expected:?}"));
        let bits = |odd: &Odd| -> (Vec<u64>, Vec<u32>) {
            (
                odd.zeros.iter().map(|f| f.to_bits()).collect(),
                odd.small.iter().map(|f| f.to_bits()).collect(),
            )
        };
        assert_eq!(bits(&again), bits(&expected));
    }

    #[derive(Shared, Debug, Default, Serialize, Deserialize)]
    struct Place {
        path: Option<PathBuf>,
        when: Option<SystemTime>,
    }

    #[cfg(unix)]
    #[node(Place, writes = path)]
    fn odd_path() -> PathBuf {
        use std::os::unix::ffi::OsStringExt;
        std::ffi::OsString::from_vec(vec![b'a', 0xff]).into()
    }

    #[node(Place, writes = when)]
    fn before_the_epoch() -> SystemTime {
        SystemTime::UNIX_EPOCH - Duration::from_secs(1)
    }

    flow! { OddPath { odd_path; } }
    flow! { OddTime { before_the_epoch; } }

    #[tokio::test]
    async fn a_value_that_serde_does_not_write_is_refused_at_its_step() {
        let (_folder, runs) = runs().await;
        let error = OddPath
            .with(runs.run("a"))
            .run(&mut Place::default())
            .await
            .unwrap_err();
        assert_eq!(cause::<BadState>(&error).what, "the field `path`");
        let error = OddTime
            .with(runs.run("b"))
            .run(&mut Place::default())
            .await
            .unwrap_err();
        assert_eq!(cause::<BadState>(&error).what, "the field `when`");
        assert_eq!(runs.storage().show("b").await.unwrap().unwrap().step, 0);
    }
}

mod items {
    use super::*;

    static CALLS: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());
    static FAILS: AtomicBool = AtomicBool::new(true);

    fn call(what: String, key: String, lost: bool) -> Result<String, String> {
        CALLS.lock().unwrap().push((what.clone(), key));
        if lost && FAILS.load(SeqCst) {
            Err("lost".into())
        } else {
            Ok(what)
        }
    }

    fn key(attempt: Attempt<'_>) -> String {
        attempt.key().unwrap().to_string()
    }

    #[derive(Debug, Clone, Serialize)]
    struct Payment {
        account: String,
        amount: f64,
        tags: HashSet<String>,
        lines: HashMap<(u8, u8), HashSet<u64>>,
    }

    #[derive(Shared, Debug, Default, Serialize, Deserialize)]
    struct Shop {
        amounts: HashMap<String, f64>,
        paid: Option<Vec<String>>,
        units: Vec<()>,
        counted: Option<Vec<String>>,
        lent: HashMap<String, String>,
        left: Option<Vec<String>>,
        right: Option<Vec<String>>,
    }

    struct Pay;

    #[node(Shop, writes(paid), parallel = 4)]
    impl Pay {
        fn prep(&self, amounts: &HashMap<String, f64>) -> Vec<Payment> {
            let set = || (0..30).map(|tag| tag.to_string()).collect();
            let lines = || (0..9).map(|n| ((n, 0), (0..20).collect())).collect();
            let all = amounts.iter().map(|(account, amount)| Payment {
                account: account.clone(),
                amount: *amount,
                tags: set(),
                lines: lines(),
            });
            // Each one is there twice, and the two are two separate payments.
            all.flat_map(|payment| [payment.clone(), payment]).collect()
        }

        async fn exec(
            &self,
            #[each(prep)] payment: &Payment,
            #[attempt] attempt: Attempt<'_>,
        ) -> Result<String, String> {
            tokio::task::yield_now().await;
            let (account, key) = (&payment.account, key(attempt));
            call(
                format!("{account} {:x}", payment.amount.to_bits()),
                key,
                account == "a3",
            )
        }

        fn post(&self, paid: &mut Option<Vec<String>>, exec: Vec<String>) {
            *paid = Some(exec);
        }
    }

    flow! { PayAll { Pay; } }
    flow! { Nested { PayAll >> end; } }

    #[tokio::test]
    async fn items_with_sets_twins_and_floats_are_done_once_each() {
        for round in 0..10 {
            CALLS.lock().unwrap().clear();
            FAILS.store(true, SeqCst);
            let (_folder, runs) = runs().await;
            let amounts: HashMap<_, _> = (0..8)
                .map(|n| (format!("a{n}"), [0.0, -0.0, 0.1 + 0.2, 1e-310][n % 4]))
                .collect();
            let run = format!("pay-{round}");
            Nested
                .with(runs.run(&run))
                .run(&mut Shop {
                    amounts,
                    ..Shop::default()
                })
                .await
                .unwrap_err();
            let before = CALLS.lock().unwrap().len();
            FAILS.store(false, SeqCst);
            let mut again = Shop::default();
            Nested.with(runs.run(&run)).run(&mut again).await.unwrap();
            let calls = CALLS.lock().unwrap().clone();
            let mut keys: BTreeMap<String, (String, usize)> = BTreeMap::new();
            for (what, key) in calls {
                let known = keys.entry(key).or_insert_with(|| (what.clone(), 0));
                assert_eq!(known.0, what, "a key names one payment");
                known.1 += 1;
            }
            assert_eq!(keys.len(), 16, "sixteen payments, {before} calls before");
            let twice: Vec<_> = keys.values().filter(|(_, times)| *times > 1).collect();
            // The item that failed, and the items that were running beside it.
            assert!(twice.len() <= 4, "{twice:?}");
            assert_eq!(again.paid.unwrap().len(), 16);
        }
    }
}

mod input {
    use super::*;

    static FAILS: AtomicBool = AtomicBool::new(true);

    #[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
    struct Order {
        cents: u64,
        log: Vec<String>,
        paid: Option<u64>,
        receipt: Option<String>,
    }

    #[node(Order, appends = log)]
    fn note() -> Vec<String> {
        vec!["noted".into()]
    }

    #[node(Order, writes = paid)]
    fn pay(cents: &u64) -> Result<u64, String> {
        if FAILS.load(SeqCst) {
            Err("no".into())
        } else {
            Ok(*cents)
        }
    }

    flow! { Sell { note >> pay; } }

    #[tokio::test]
    async fn an_unfinished_run_with_different_input_is_rejected() {
        let (_folder, runs) = runs().await;
        let mut order = Order {
            cents: 4200,
            log: vec!["x".into()],
            ..Order::default()
        };
        let given = order.clone();
        Sell.with(runs.run("a")).run(&mut order).await.unwrap_err();
        let mut other = Order {
            cents: 9900,
            ..Order::default()
        };
        let error = Sell.with(runs.run("a")).run(&mut other).await.unwrap_err();
        let OtherInput { run, fields } = cause(&error);
        assert_eq!(
            (run.as_str(), &fields[..]),
            ("a", &["cents".to_owned()][..])
        );
        assert_eq!(
            error.cause().to_string(),
            "run `a` was started with different input: `cents` had another value\nhelp: run this under another id; or, to go on with that \
             run or to have its result, start it with a store as `Default` makes it"
        );
        assert_eq!(other.cents, 9900, "it is as it was");
        assert!(
            runs.storage()
                .show("a")
                .await
                .unwrap()
                .unwrap()
                .owner
                .is_none()
        );
        // The store as the failed run left it, the input, and an empty store.
        for mut same in [order, given, Order::default()] {
            let error = Sell.with(runs.run("a")).run(&mut same).await.unwrap_err();
            assert_eq!(error.cause().to_string(), "no");
            assert_eq!(same.log, ["x", "noted"]);
        }
        // An input that a migration has changed is still the same input.
        FAILS.store(false, SeqCst);
        let state = r#"UPDATE runs SET state = '{"log":["x","noted"],"euros":42}'"#;
        rusqlite::Connection::open(_folder.path().join("runs.db"))
            .unwrap()
            .execute(state, [])
            .unwrap();
        let migrated = || {
            runs.run("a").migrate(|mut state| {
                state["cents"] = (state["euros"].as_u64().unwrap_or(0) * 100 + 1).into();
                Ok(state)
            })
        };
        let mut now = Order {
            cents: 4201,
            ..Order::default()
        };
        Sell.with(migrated()).run(&mut now).await.unwrap();
        assert_eq!(now.paid, Some(4201));
    }
}

mod fills {
    use super::*;

    #[derive(Shared, Debug, Default, Serialize, Deserialize)]
    struct Draft {
        approval: Option<String>,
        r#type: Option<u8>,
        line: Option<String>,
    }

    #[node(Draft, writes = line)]
    fn publish(approval: &str, r#type: &u8) -> String {
        format!("{approval} {type}", r#type = r#type)
    }

    #[node(Draft)]
    fn write() {}

    flow! { Inner { write >> await(approval); } }
    flow! { Write { Inner >> await(r#type) >> publish; } }

    #[tokio::test]
    async fn a_value_for_a_wait_that_the_flow_does_not_have_is_refused() {
        let (_folder, runs) = runs().await;
        Write
            .with(runs.run("a").park())
            .run(&mut Draft::default())
            .await
            .unwrap_err();
        let error = runs.fill("a", "aproval#1", "1").await.unwrap_err();
        assert!(
            matches!(error, StorageError::NoSuchWait { .. }),
            "{error:?}"
        );
        assert_eq!(
            error.to_string(),
            "the flow of run `a` has no `await(aproval)`: it waits for `approval`, `type`"
        );
        assert!(
            runs.fill("a", "line#1", "1").await.is_err(),
            "a field, and no wait"
        );
        runs.fill("a", "type#1", "7").await.unwrap();
        runs.fill("a", "approval", "\"Ada\"").await.unwrap();
        let mut draft = Draft::default();
        Write
            .with(runs.run("a").park())
            .run(&mut draft)
            .await
            .unwrap();
        assert_eq!(draft.line.as_deref(), Some("Ada 7"));
    }
}

mod renamed {
    use super::*;

    #[derive(Shared, Debug, Default, Serialize, Deserialize)]
    struct Job {
        a: Option<u8>,
        go: Option<bool>,
        b: Option<u8>,
    }

    #[node(Job, writes = a)]
    fn one() -> u8 {
        1
    }

    #[node(Job, writes = b)]
    fn two(a: &u8) -> u8 {
        *a + 1
    }

    flow! { Old { one >> await(go) >> two; } }
    flow! { New { one >> await(go) >> two; } }

    #[tokio::test]
    async fn a_renamed_flow_is_rejected_until_it_is_migrated() {
        let (_folder, runs) = runs().await;
        Old.with(runs.run("a").park())
            .run(&mut Job::default())
            .await
            .unwrap_err();
        runs.fill("a", "go", "true").await.unwrap();
        let error = New
            .with(runs.run("a"))
            .run(&mut Job::default())
            .await
            .unwrap_err();
        assert_eq!(
            cause::<Changed>(&error).conflicts,
            ["the flow `Old` is called `New` now"]
        );
        let failed = New
            .with(runs.run("a").migrate(|_| Err("no way".into())))
            .run(&mut Job::default())
            .await;
        assert_eq!(failed.unwrap_err().cause().to_string(), "no way");
        assert_eq!(
            runs.storage().show("a").await.unwrap().unwrap().status,
            Status::Waiting
        );
        let mut job = Job::default();
        New.with(runs.run("a").migrate(Ok))
            .run(&mut job)
            .await
            .unwrap();
        assert_eq!(job.b, Some(2));
        let error = Old
            .with(runs.run("a"))
            .run(&mut Job::default())
            .await
            .unwrap_err();
        assert!(
            error
                .cause()
                .to_string()
                .contains("if `New` is called `Old` now"),
            "{error:#}"
        );
        let mut job = Job::default();
        Old.with(runs.run("a").migrate(Ok))
            .run(&mut job)
            .await
            .unwrap();
        assert_eq!(job.b, Some(2));
    }
}
