//! The ways in which a burst ends.

use std::sync::{Arc, Mutex};

use pocketflow::seam::{Execs, Items};
use pocketflow::{Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::server::{Server, run_of, work};
use crate::job::{FlowJob, Job};
use crate::state::Next;
use crate::wire::Status;

#[derive(Shared, Default, Serialize, Deserialize)]
struct Order {
    items: Vec<u64>,
    priced: Option<Vec<u64>>,
    receipt: Option<String>,
}

/// What goes wrong in a run, by its id.
pub(super) static WRONG: Mutex<Vec<String>> = Mutex::new(Vec::new());

pub(super) fn is_wrong(attempt: Attempt<'_>) -> bool {
    let key = attempt.key().unwrap();
    WRONG.lock().unwrap().contains(&run_of(key.run))
}

/// From now on, nothing goes wrong in this run.
pub(super) fn mend(run: &str) {
    WRONG.lock().unwrap().retain(|wrong| wrong != run);
}

#[node(Order, writes = priced, parallel = 2)]
async fn price(#[each(items)] item: &u64, #[attempt] attempt: Attempt<'_>) -> Result<u64, String> {
    work(attempt).await;
    match *item {
        3 if is_wrong(attempt) => Err("it has no price".into()),
        item => Ok(item * 10),
    }
}

#[node(Order, writes = receipt)]
async fn pay(priced: &[u64], #[attempt] attempt: Attempt<'_>) -> String {
    work(attempt).await;
    assert!(!is_wrong(attempt), "the till is stuck");
    priced.iter().sum::<u64>().to_string()
}

flow! { Shop: Order { price >> pay; } }

#[derive(Shared, Default, Serialize, Deserialize)]
pub(super) struct Parcel {
    address: Option<String>,
    late: bool,
    sent: Option<String>,
}

#[node(Parcel, writes = sent, attempts = 3, wait = "1h")]
async fn send(address: &str, #[attempt] attempt: Attempt<'_>) -> Result<String, String> {
    work(attempt).await;
    let last = attempt.last_error().map(|error| error.to_string());
    match attempt.number() {
        3 => Ok(format!("to {address} at attempt 3, after {last:?}")),
        number => Err(format!("the road is closed ({number})")),
    }
}

#[node(Parcel, writes(address, late))]
fn give_up() -> (String, bool) {
    ("the office".into(), true)
}

flow! {
    pub(super) Deliver: Parcel {
        await(address, within = "3d") >> night >> send;
        await(address) - "expired" >> give_up >> send;
        night: sleep("8h");
    }
}

pub(super) fn parcels<F>(flow: F) -> Arc<dyn Job>
where
    F: pocketflow::Drive<Parcel, crate::RestateRun, (Execs, Items)> + 'static,
{
    Arc::new(FlowJob::new(flow, |_: &str| Ok(Parcel::default())))
}

pub(super) fn shop() -> Arc<dyn Job> {
    Arc::new(FlowJob::new(Shop, |_: &str| Ok(Order::default())))
}

pub(super) fn start(run: &str, items: &[u64]) -> Server {
    start_of(shop(), run, items)
}

fn start_of(job: Arc<dyn Job>, run: &str, items: &[u64]) -> Server {
    WRONG.lock().unwrap().push(run.to_owned());
    let store = serde_json::json!({ "items": items }).to_string();
    Server::start(job, run, &store, 1)
}

#[test]
fn a_run_that_has_failed_goes_on_there_and_repeats_only_what_failed() {
    let mut server = start("fails", &[1, 2, 3, 4]);
    assert_eq!(server.go_on(100_000), Status::Failed);
    let status = server.status();
    let error = status.error.unwrap();
    assert_eq!(
        error.to_string(),
        "Shop > price[2]: exec failed: it has no price"
    );
    assert_eq!(error.causes, ["it has no price"]);
    assert_eq!(
        (status.step, status.at.as_deref()),
        (0, Some("Shop > price"))
    );
    let before = server.begun();
    mend("fails");
    server.retry();
    assert_eq!(server.go_on(100_000), Status::Finished);
    assert_eq!(server.store()["receipt"], "100");
    // The item that failed, and what was in flight with it.
    assert!(server.repeated() <= 2, "{} of {before}", server.repeated());
}

#[test]
fn a_panic_fails_the_run_and_keeps_what_was_recorded() {
    let mut server = start("panics", &[1]);
    assert_eq!(server.go_on(100_000), Status::Failed);
    let error = server.status().error.unwrap();
    assert_eq!(
        error.to_string(),
        "Shop > pay: stopped: it panicked: the till is stuck"
    );
    assert_eq!(server.status().step, 1);
    mend("panics");
    server.retry();
    assert_eq!(server.go_on(100_000), Status::Finished);
    assert_eq!(server.store()["receipt"], "10");
}

#[test]
fn a_run_waits_sleeps_and_tries_again_in_later_bursts() {
    let mut server = Server::start(parcels(Deliver), "delivered", "{}", 1);
    // The first burst ends at the wait. Its deadline is three days away.
    let next = server.attempt(None, None, 1000).unwrap();
    let status = server.status();
    let until = status.waits[0].until.unwrap();
    assert_eq!(next, Next::BurstAt(1, until));
    let days = (until - status.updated) as f64 / 86_400_000.0;
    assert!((2.9..3.1).contains(&days), "{days} days");
    assert_eq!(
        (status.status, &*status.waits[0].name),
        (Status::Waiting, "address#1")
    );
    let wrong = server.fill("", "address#1", "null").unwrap_err();
    assert_eq!(wrong, "the field is empty with it");
    server.fill("", "address#1", "\"Main St\"").unwrap();
    // It sleeps after that.
    let next = server.attempt(None, None, 1000).unwrap();
    let status = server.status();
    assert_eq!(status.status, Status::Sleeping);
    assert_eq!(next, Next::BurstAt(3, status.until.unwrap()));
    assert_eq!(status.at.as_deref(), Some("Deliver > night"));
    // A burst that comes too early sleeps again.
    let again = server.attempt(None, None, 1000).unwrap();
    assert_eq!(again, Next::BurstAt(4, status.until.unwrap()));
    // In the morning, the first attempt fails.
    let next = server.attempt(status.until, None, 1000).unwrap();
    let status = server.status();
    let attempt = status.next_attempt.unwrap();
    assert_eq!(
        (attempt.number, attempt.of, &*attempt.path),
        (2, 3, "Deliver > send")
    );
    assert_eq!(attempt.causes, ["the road is closed (1)"]);
    assert_eq!(next, Next::BurstAt(5, attempt.due));
    assert_eq!(server.go_on(10_000), Status::Finished);
    let sent = server.store()["sent"].clone();
    assert_eq!(
        sent,
        "to Main St at attempt 3, after Some(\"the road is closed (2)\")"
    );
}

#[test]
fn a_wait_that_nobody_answers_expires() {
    let mut server = Server::start(parcels(Deliver), "expired", "{}", 1);
    // This server does not wait for what is due later.
    assert_eq!(server.go_on(10_000), Status::Finished);
    assert_eq!(server.store()["late"], true);
    assert!(
        server.store()["sent"]
            .as_str()
            .unwrap()
            .starts_with("to the office")
    );
}

#[test]
fn a_cancelled_run_keeps_what_was_done_and_goes_on_after_a_retry() {
    for entry in 0..3 {
        let run = format!("cancelled-{entry}");
        let mut server = start(&run, &[1, 2]);
        mend(&run);
        assert_eq!(
            server.cancel_at(entry),
            Status::Cancelled,
            "at entry {entry}"
        );
        let begun = server.begun();
        assert_eq!(server.status().waits, []);
        server.retry();
        assert_eq!(server.go_on(10_000), Status::Finished);
        assert_eq!(server.store()["receipt"], "30");
        assert!(server.repeated() <= 2, "{} of {begun}", server.repeated());
    }
}

#[test]
fn a_store_that_grows_too_large_fails_the_run_and_keeps_the_one_before() {
    let mut server = start("large", &[1, 2, 3, 4]);
    mend("large");
    server.settings.max_store = 20;
    assert_eq!(server.go_on(10_000), Status::Failed);
    let error = server.status().error.unwrap().message;
    assert!(error.contains("the store takes"), "{error}");
    assert_eq!(server.status().step, 0);
    // The items are kept.
    server.settings.max_store = 1000;
    server.retry();
    assert_eq!(server.go_on(10_000), Status::Finished);
    assert_eq!(server.repeated(), 0);
}

#[node(Order, writes = receipt)]
async fn explode(priced: &[u64], #[attempt] attempt: Attempt<'_>) -> String {
    work(attempt).await;
    while is_wrong(attempt) {
        tokio::task::yield_now().await;
    }
    priced.len().to_string()
}

flow! { Burst: Order { price >> explode; } }

fn burst() -> Arc<dyn Job> {
    Arc::new(FlowJob::new(Burst, |_: &str| Ok(Order::default())))
}

#[test]
fn a_step_that_kills_its_process_again_and_again_fails_the_run() {
    let mut server = start_of(burst(), "kills", &[1, 2]);
    server.settings.max_crashes = Some(10);
    for _ in 0..10 {
        assert_eq!(server.attempt(None, None, 1000), None);
    }
    assert_eq!(server.attempt(None, None, 1000), Some(Next::Over));
    let status = server.status();
    assert_eq!((status.status, status.step), (Status::Failed, 1));
    assert_eq!(
        status.error.unwrap().message,
        "Burst > explode: stopped: 10 processes in a row have died here, and nothing was recorded in between\n\
         help: find out from the logs of the workers what kills them, and let the run go on with `retry`"
    );
    // A retry counts anew, and progress does as well.
    server.retry();
    for _ in 0..9 {
        assert_eq!(server.attempt(None, None, 1000), None);
    }
    mend("kills");
    assert_eq!(server.go_on(100_000), Status::Finished);
    assert_eq!(server.store()["receipt"], "2");
}

#[test]
fn a_process_that_was_cut_off_and_lives_has_not_died() {
    let mut server = start_of(burst(), "lives", &[1, 2]);
    server.settings.max_crashes = Some(3);
    server.same_process = true;
    for _ in 0..20 {
        assert_eq!(server.attempt(None, None, 1000), None);
    }
    mend("lives");
    assert_eq!(server.go_on(100_000), Status::Finished);
}
