//! Drivers and the waits between attempts: how they wait, suspend the run, and resume it at a later
//! attempt.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pocketflow::{
    Attempt, Call, Driver, EarlierAttempts, Error, Failed, Failure, Shared, Stage, StepInfo, flow,
    node,
};
use tokio::time::Instant;

#[derive(Shared, Default, Debug, Clone, PartialEq)]
struct Order {
    items: Vec<u32>,
    /// What succeeds at its third attempt. Everything else succeeds at once.
    slow: Vec<u32>,
    receipt: Option<String>,
    label: Option<String>,
    parts: Option<Vec<String>>,
    problems: Vec<Failed>,
    problem: Option<Failed>,
}

fn tried(what: &str, fails: bool, attempt: Attempt<'_>) -> Result<String, String> {
    if fails && attempt.number() < 3 {
        return Err(format!("{what} is busy"));
    }
    let last = attempt.last_error().map(|error| error.to_string());
    Ok(format!("{what} at {attempt:?} after {last:?}"))
}

#[node(Order, writes = receipt, attempts = 4, wait = "10s", backoff = 2.0)]
fn pay(#[attempt] attempt: Attempt<'_>) -> Result<String, String> {
    tried("pay", true, attempt)
}

#[node(Order, writes = label)]
fn ship() -> String {
    "shipped".into()
}

#[node(Order, writes = parts, attempts = 3, wait = "10s", parallel = 2)]
async fn pack(
    #[each(items)] item: &u32,
    slow: &[u32],
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, String> {
    tokio::task::yield_now().await;
    tried(&item.to_string(), slow.contains(item), attempt)
}

#[node(Order, appends = parts, failures = problems, attempts = 3, wait = "10s", parallel = 2)]
async fn sort(
    #[each(items)] item: &u32,
    slow: &[u32],
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, String> {
    tried(&item.to_string(), slow.contains(item), attempt)
}

struct Pay;

#[node(Order, writes = receipt, attempts = 2, wait = "10s")]
impl Pay {
    async fn exec(&self) -> Result<String, String> {
        Err("closed".into())
    }

    fn fallback(&self, error: Error) -> Result<String, Error> {
        Ok(format!("{error:#}"))
    }
}

flow! { Checkout { pay >> ship; } }
flow! { Pack { pack; } }
flow! { Sort { sort; } }
flow! { Fork { (pay, ship); } }
flow! { Guarded { Pay - error(problem) >> ship; } }

/// Records the waits, and waits as the others do.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl<S: Shared> Driver<S> for Log {
    async fn wait_to_retry<C>(
        &self,
        info: &StepInfo<'_>,
        next: Attempt<'_>,
        time: Duration,
        call: C,
    ) -> Result<(), Error>
    where
        C: Call<Output = Result<(), Error>>,
    {
        let error = next.last_error().expect("the one before failed");
        let item = next
            .item()
            .map_or_else(String::new, |item| format!("[{item}]"));
        let log = format!("{info}{item}: {next:?} in {time:?}, {error}");
        let waited = call.call().await;
        self.0.lock().unwrap().push(log);
        waited
    }
}

/// Does not wait.
struct Now;

impl<S: Shared> Driver<S> for Now {
    async fn wait_to_retry<C>(
        &self,
        _: &StepInfo<'_>,
        _: Attempt<'_>,
        _: Duration,
        _: C,
    ) -> Result<(), Error>
    where
        C: Call<Output = Result<(), Error>>,
    {
        Ok(())
    }
}

/// Suspends the run where it would wait, and resumes it there: by place and item, the next attempt and
/// the text of the last error.
#[derive(Default)]
struct Later {
    waits: Mutex<BTreeMap<String, (u32, String)>>,
    asked: Mutex<Vec<String>>,
    /// Whether the waits are over.
    goes_on: bool,
}

fn place(info: &StepInfo<'_>, attempt: Attempt<'_>) -> String {
    format!("{info} {:?}", attempt.item())
}

impl<S: Shared> Driver<S> for Later {
    async fn wait_to_retry<C>(
        &self,
        info: &StepInfo<'_>,
        next: Attempt<'_>,
        _: Duration,
        call: C,
    ) -> Result<(), Error>
    where
        C: Call<Output = Result<(), Error>>,
    {
        let error = next
            .last_error()
            .expect("the one before failed")
            .to_string();
        let known = self
            .waits
            .lock()
            .unwrap()
            .insert(place(info, next), (next.number(), error));
        if self.goes_on {
            return match known.is_some_and(|(number, _)| number == next.number()) {
                true => Ok(()),
                false => call.call().await,
            };
        }
        Err(info.suspend(format!("{next:?} comes later")))
    }

    fn earlier_attempts(&self, info: &StepInfo<'_>, first: Attempt<'_>) -> Option<EarlierAttempts> {
        assert_eq!((first.number(), first.last_error().is_none()), (1, true));
        let place = place(info, first);
        self.asked.lock().unwrap().push(place.clone());
        let waits = self.waits.lock().unwrap();
        let (next, error) = waits.get(&place)?;
        Some(EarlierAttempts {
            made: next - 1,
            failure: Failure::new(error.clone()),
        })
    }
}

impl Later {
    fn goes_on(self) -> Self {
        Self {
            goes_on: true,
            ..self
        }
    }
}

fn order(items: &[u32], slow: &[u32]) -> Order {
    Order {
        items: items.to_vec(),
        slow: slow.to_vec(),
        ..Default::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_driver_sees_each_wait_and_can_leave_it_out() {
    let begun = Instant::now();
    let log = Log::default();
    let mut shared = Order::default();
    Checkout.with(&log).run(&mut shared).await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 30);
    let expected = [
        "Checkout > pay: attempt 2 of 4 in 10s, pay is busy",
        "Checkout > pay: attempt 3 of 4 in 20s, pay is busy",
    ];
    assert_eq!(*log.0.lock().unwrap(), expected);
    let receipt = "pay at attempt 3 of 4 after Some(\"pay is busy\")";
    assert_eq!(shared.receipt.as_deref(), Some(receipt));

    let begun = Instant::now();
    Checkout.with(Now).run(&mut shared).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn drivers_wrap_the_waits_of_one_another() {
    let (outer, inner) = (Log::default(), Arc::new(Log::default()));
    let begun = Instant::now();
    let mut shared = Order::default();
    let run = Checkout.with(inner.clone()).with(&outer);
    run.run(&mut shared).await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 30, "they wait once");
    assert_eq!(outer.0.lock().unwrap().len(), 2);
    assert_eq!(*outer.0.lock().unwrap(), *inner.0.lock().unwrap());

    // The outer one decides.
    let begun = Instant::now();
    let (first, second) = (Log::default(), Log::default());
    let run = Checkout.with(&first).with(Now).with(&second);
    run.run(&mut shared).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    let seen = [&first, &second].map(|log| log.0.lock().unwrap().len());
    assert!(seen == [0, 2] || seen == [2, 0], "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn each_item_has_waits_of_its_own() {
    let log = Log::default();
    let mut shared = order(&[7, 8, 9], &[8]);
    Pack.with(&log).run(&mut shared).await.unwrap();
    let expected = [
        "Pack > pack[1]: attempt 2 of 3 in 10s, 8 is busy",
        "Pack > pack[1]: attempt 3 of 3 in 10s, 8 is busy",
    ];
    assert_eq!(*log.0.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_run_goes_on_at_the_attempt_that_a_driver_has_stored() {
    let later = Later::default();
    let mut shared = Order::default();
    let error = Checkout.with(&later).run(&mut shared).await.unwrap_err();
    assert!(error.suspends());
    assert_eq!(
        format!("{error:#}"),
        "Checkout > pay: stopped: attempt 2 of 4 comes later"
    );
    assert_eq!(shared, Order::default());
    let error = Checkout.with(&later).run(&mut shared).await.unwrap_err();
    assert_eq!(error.cause().to_string(), "attempt 2 of 4 comes later");

    // The second attempt fails as well, and then it waits for the third.
    let later = later.goes_on();
    tokio::time::pause();
    let begun = Instant::now();
    Checkout.with(&later).run(&mut shared).await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 20);
    let receipt = "pay at attempt 3 of 4 after Some(\"pay is busy\")";
    assert_eq!(shared.receipt.as_deref(), Some(receipt));
    // `ship` has one attempt, so nobody asks for its earlier ones.
    assert!(
        later
            .asked
            .lock()
            .unwrap()
            .iter()
            .all(|place| place == "Checkout > pay None")
    );
}

/// A driver that has stored this for every node.
struct Stored(u32);

impl<S: Shared> Driver<S> for Stored {
    fn earlier_attempts(&self, _: &StepInfo<'_>, _: Attempt<'_>) -> Option<EarlierAttempts> {
        Some(EarlierAttempts {
            made: self.0,
            failure: "it was closed".into(),
        })
    }
}

#[tokio::test(start_paused = true)]
async fn one_attempt_is_left_even_if_the_policy_has_changed() {
    for (made, expected) in [
        (2, Some("attempt 3 of 4")),
        (3, Some("attempt 4 of 4")),
        (9, Some("attempt 4 of 4")),
    ] {
        let mut shared = Order::default();
        Checkout.with(Stored(made)).run(&mut shared).await.unwrap();
        let receipt =
            expected.map(|attempt| format!("pay at {attempt} after Some(\"it was closed\")"));
        assert_eq!(shared.receipt, receipt);
    }
    // None was made, so it is the first attempt.
    let mut shared = Order::default();
    Checkout.with(Stored(0)).run(&mut shared).await.unwrap();
    let receipt = "pay at attempt 3 of 4 after Some(\"pay is busy\")";
    assert_eq!(shared.receipt.as_deref(), Some(receipt));
}

#[tokio::test]
async fn items_that_run_at_the_same_time_go_on_while_one_is_suspended() {
    let later = Later::default();
    let mut shared = order(&[1, 2, 3, 4, 5], &[1, 4]);
    let error = Pack.with(&later).run(&mut shared).await.unwrap_err();
    assert!(error.suspends());
    assert_eq!(error.path(), ["Pack", "pack"]);
    assert_eq!(shared.parts, None, "`post` has not run");
    let asked = later.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 5, "{asked:?}");
    assert_eq!(later.waits.lock().unwrap().len(), 2);

    let later = later.goes_on();
    tokio::time::pause();
    Pack.with(&later).run(&mut shared).await.unwrap();
    let parts = shared.parts.unwrap();
    assert_eq!(parts[0], "1 at attempt 3 of 3 after Some(\"1 is busy\")");
    assert_eq!(parts[1], "2 at attempt 1 of 3 after None");
    assert_eq!(parts[3], "4 at attempt 3 of 3 after Some(\"4 is busy\")");
}

#[tokio::test]
async fn an_item_that_is_suspended_has_not_failed() {
    let later = Later::default();
    let mut shared = order(&[1, 2, 3], &[2]);
    let error = Sort.with(&later).run(&mut shared).await.unwrap_err();
    assert!(error.suspends());
    assert_eq!((shared.parts, shared.problems.len()), (None, 0));
}

#[tokio::test]
async fn branches_go_on_while_one_is_suspended() {
    let later = Later::default();
    let mut shared = Order::default();
    let error = Fork.with(&later).run(&mut shared).await.unwrap_err();
    assert!(error.suspends());
    assert_eq!(shared, Order::default());
    let waits = later.waits.lock().unwrap().clone();
    assert_eq!(waits.keys().collect::<Vec<_>>(), ["Fork > pay None"]);
}

#[tokio::test]
async fn neither_a_fallback_nor_an_error_edge_follows_a_wait() {
    let later = Later::default();
    let mut shared = Order::default();
    let error = Guarded.with(&later).run(&mut shared).await.unwrap_err();
    assert!(error.suspends());
    assert_eq!(error.stage(), Stage::Driver);
    assert_eq!(shared, Order::default());

    let later = later.goes_on();
    Guarded.with(&later).run(&mut shared).await.unwrap();
    let receipt = "Guarded > Pay: exec failed at attempt 2 of 2: closed";
    assert!(shared.receipt.unwrap().ends_with(receipt));
}

#[tokio::test(start_paused = true)]
async fn attempts_without_a_wait_are_not_wrapped() {
    #[node(Order, writes = receipt, attempts = 3)]
    fn hurry(#[attempt] attempt: Attempt<'_>) -> Result<String, String> {
        tried("hurry", true, attempt)
    }
    flow! { Hurry { hurry; } }
    let log = Log::default();
    let mut shared = Order::default();
    Hurry.with(&log).run(&mut shared).await.unwrap();
    assert!(log.0.lock().unwrap().is_empty());
    // Where it resumes, the driver knows when the attempt is due.
    let run = Hurry.with(Stored(1)).with(&log);
    run.run(&mut shared).await.unwrap();
    let expected = ["Hurry > hurry: attempt 2 of 3 in 0ns, it was closed"];
    assert_eq!(*log.0.lock().unwrap(), expected);
}
