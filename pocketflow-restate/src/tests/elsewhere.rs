//! Pieces of work that other workers do.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use pocketflow::{Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::server::{Others, Server, work};
use super::ways::{Deliver, WRONG, is_wrong, mend, parcels, shop, start};
use crate::items::{Asking, Elsewhere, NotAsked, Request};
use crate::job::{FlowJob, Job};
use crate::state::Next;
use crate::wire::Status;

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
