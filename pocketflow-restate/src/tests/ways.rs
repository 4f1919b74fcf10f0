//! The ways in which a burst ends.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use pocketflow::seam::{Execs, Items};
use pocketflow::{Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::server::{Others, Server, run_of, work};
use crate::items::{Asking, Elsewhere, NotAsked, Request};
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
static WRONG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn is_wrong(attempt: Attempt<'_>) -> bool {
    let key = attempt.key().unwrap();
    WRONG.lock().unwrap().contains(&run_of(key.run))
}

/// From now on, nothing goes wrong in this run.
fn mend(run: &str) {
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
struct Parcel {
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
    Deliver: Parcel {
        await(address, within = "3d") >> night >> send;
        await(address) - "expired" >> give_up >> send;
        night: sleep("8h");
    }
}

fn parcels<F>(flow: F) -> Arc<dyn Job>
where
    F: pocketflow::Drive<Parcel, crate::RestateRun, (Execs, Items)> + 'static,
{
    Arc::new(FlowJob::new(flow, |_: &str| Ok(Parcel::default())))
}

fn shop() -> Arc<dyn Job> {
    Arc::new(FlowJob::new(Shop, |_: &str| Ok(Order::default())))
}

fn start(run: &str, items: &[u64]) -> Server {
    WRONG.lock().unwrap().push(run.to_owned());
    let store = serde_json::json!({ "items": items }).to_string();
    Server::start(shop(), run, &store, 1)
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

#[test]
fn a_failure_on_another_worker_is_the_failure_of_the_node() {
    let mut server = start("far", &[1, 2, 3, 4]);
    let others = Arc::new(Others::new(shop()));
    server.others = Some(others.clone());
    assert_eq!(server.go_on(100_000), Status::Failed);
    let error = server.status().error.unwrap();
    assert_eq!(
        error.to_string(),
        "Shop > price[2]: exec failed: it has no price"
    );
    assert_eq!(error.causes, ["it has no price"]);
    mend("far");
    server.retry();
    // Another burst does not get the failure again.
    assert_eq!(server.go_on(100_000), Status::Finished);
    assert_eq!(server.store()["receipt"], "100");
}

#[test]
fn a_cancelled_run_finds_the_work_that_is_still_in_progress_elsewhere() {
    let mut server = start("attached", &[1, 2, 4]);
    mend("attached");
    let others = Arc::new(Others::new(shop()));
    server.others = Some(others.clone());
    others.answers_only.store(1, Relaxed);
    assert_eq!(server.cancel_at(1), Status::Cancelled);
    let in_progress = others.computed() - 1;
    assert!(in_progress > 0);
    others.answers_only.store(usize::MAX, Relaxed);
    server.retry();
    assert_eq!(server.go_on(100_000), Status::Finished);
    assert_eq!(server.store()["receipt"], "70");
    assert_eq!(
        (others.again.load(Relaxed), server.repeated()),
        (in_progress, 0)
    );
}

/// The items are a map, which has another order in each process.
#[derive(Shared, Default, Serialize, Deserialize)]
struct Basket {
    items: HashMap<String, u64>,
    total: Option<u64>,
    packed: Vec<String>,
}

#[node(Basket, appends = packed, parallel = 3, attempts = 2, wait = "1h")]
async fn pack(
    #[each(items)] item: (&String, &u64),
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, String> {
    work(attempt).await;
    match (item, attempt.number()) {
        ((_, 3), 1) => Err("it does not fit".into()),
        ((name, count), _) => Ok(format!("{count} {name}")),
    }
}

#[node(Basket, appends = packed)]
async fn check(#[each(items)] item: (&String, &u64), #[attempt] attempt: Attempt<'_>) -> String {
    work(attempt).await;
    assert!(!is_wrong(attempt) || *item.1 != 5, "five are too many");
    format!("checked {}", item.0)
}

flow! { Pack: Basket { pack >> check; } }

#[test]
fn an_item_is_found_by_what_it_is_and_waits_for_its_attempts() {
    let pack = || -> Arc<dyn Job> { Arc::new(FlowJob::new(Pack, |_: &str| Ok(Basket::default()))) };
    let items: HashMap<_, _> = (1..=8)
        .map(|number| (format!("item {number}"), number))
        .collect();
    let store = serde_json::json!({ "items": items }).to_string();
    let mut server = Server::start(pack(), "basket", &store, 1);
    WRONG.lock().unwrap().push("basket".to_owned());
    let others = Arc::new(Others::new(pack()));
    server.others = Some(others.clone());
    let next = server.attempt(None, None, 100_000).unwrap();
    let status = server.status();
    let attempt = status.next_attempt.unwrap();
    assert_eq!(
        (attempt.number, &*attempt.causes),
        (2, &["it does not fit".to_owned()][..])
    );
    assert_eq!(next, Next::BurstAt(1, attempt.due));
    assert_eq!(others.computed(), 8);
    assert_eq!(server.go_on(100_000), Status::Failed);
    let error = server.status().error.unwrap().message;
    assert!(
        error.ends_with("stopped: it panicked: five are too many"),
        "{error}"
    );
    mend("basket");
    server.retry();
    assert_eq!(server.go_on(100_000), Status::Finished);
    let mut packed: Vec<String> = serde_json::from_value(server.store()["packed"].clone()).unwrap();
    packed.sort();
    let (counted, checked) = packed.split_at(8);
    assert_eq!(counted[2], "3 item 3");
    assert_eq!(checked[7], "checked item 8");
}

#[test]
fn what_a_worker_with_another_program_cannot_compute_is_done_here() {
    let mut server = start("alone", &[1, 2]);
    mend("alone");
    let others = Arc::new(Others::new(parcels(Deliver)));
    server.others = Some(others);
    assert_eq!(server.go_on(100_000), Status::Finished);
    assert_eq!(server.store()["receipt"], "30");
}

/// The server keeps what other workers have computed for longer than a run that is removed.
#[test]
fn a_run_with_the_id_of_a_removed_one_does_its_own_work() {
    let mut server = start("removed", &[1, 2]);
    mend("removed");
    let others = Arc::new(Others::new(server.job.clone()));
    server.others = Some(others.clone());
    assert_eq!(server.go_on(100_000), Status::Finished);
    let (begun, computed) = (server.begun(), others.computed());
    assert_eq!(computed, 2);
    let mut server = start("removed", &[1, 2]);
    mend("removed");
    server.others = Some(others.clone());
    assert_eq!(server.go_on(100_000), Status::Finished);
    assert_eq!((server.begun(), others.computed()), (begun, 2 * computed));
}

/// The server cannot be reached for the first pieces of work, or refuses them.
struct Away {
    asked: AtomicUsize,
    others: Others,
}

impl Elsewhere for Away {
    fn ask(&self, request: Request, key: String) -> Asking<'_> {
        match self.asked.fetch_add(1, Relaxed) {
            0 => Box::pin(async { Err(NotAsked::Unreachable("the server is away".into())) }),
            1 => Box::pin(async { Err(NotAsked::Refused("this is another server".into())) }),
            _ => self.others.ask(request, key),
        }
    }
}

#[test]
fn the_status_says_that_the_server_cannot_be_reached_for_work_elsewhere() {
    let mut server = start("away", &[1]);
    mend("away");
    server.settings.elsewhere = Some(Arc::new(Away {
        asked: AtomicUsize::new(0),
        others: Others::new(shop()),
    }));
    assert_eq!(server.attempt(None, None, 100_000), Some(Next::Burst(1)));
    let status = server.status();
    assert_eq!(
        (status.status, status.problem.as_deref()),
        (Status::Running, Some("the server is away"))
    );
    assert_eq!(server.go_on(100_000), Status::Failed);
    let status = server.status();
    assert_eq!(status.problem, None);
    assert_eq!(
        status.error.unwrap().message,
        "Shop > price: stopped: this is another server"
    );
    server.retry();
    assert_eq!(server.go_on(100_000), Status::Finished);
    assert_eq!((server.status().problem, server.repeated()), (None, 0));
}
