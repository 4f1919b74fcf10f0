//! What a worker may take up, and when.

use std::collections::BTreeSet;
use std::time::Duration;

use super::support::*;
use crate::{
    BeginOutcome, Claim, NewRun, Retention, RunRecord, StateChange, Status, Storage, Watched,
};

const FLOWS: &[&str] = &["Checkout", "Refund"];

async fn claim(storage: &impl Storage, owner: &str, flows: &[&str], limit: u32) -> Vec<RunRecord> {
    let claim = Claim {
        owner,
        lease: LONG,
        flows,
        limit,
    };
    storage.claim(&claim).await.unwrap()
}

/// The ids of what is claimed.
async fn claimed(storage: &impl Storage, owner: &str) -> Vec<String> {
    let claimed = claim(storage, owner, FLOWS, 100).await;
    claimed.into_iter().map(|record| record.run).collect()
}

async fn orphans(storage: &impl Storage, watched: &mut Watched) -> u64 {
    storage.release_orphans(FLOWS, watched).await.unwrap()
}

pub async fn a_new_run_is_stored_for_a_worker<S: Storage>(a: S, b: S) {
    assert_eq!(a.enqueue("one", &new()).await.unwrap(), BeginOutcome::New);
    let record = show(&b, "one").await;
    assert_eq!((record.status, record.step), (Status::Running, 0));
    assert_eq!(
        (record.owner.clone(), record.lease_until),
        (None, None),
        "nobody has begun it"
    );
    assert_eq!(record.state, new().state);
    let other = NewRun {
        state: r#"{"total":9}"#.into(),
        ..new()
    };
    let known = b.enqueue("one", &other).await.unwrap();
    assert_eq!(known, BeginOutcome::Known(Box::new(record.clone())));
    assert_eq!(show(&a, "one").await, record, "the first one counts");

    let [taken] = &*claim(&b, "worker", FLOWS, 1).await else {
        panic!("one run");
    };
    assert_eq!(taken.owner.as_deref(), Some("worker"));
    assert_eq!(taken.state, record.state);
    assert_eq!(taken.position, record.position);
    fails!(a.begin("one", "me", LONG, &new()).await, Alive "worker");
    b.commit("one", "worker", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    b.finish("one", "worker", "default", &StateChange::all("{}"))
        .await
        .unwrap();
    assert_eq!(claimed(&a, "me").await, [""; 0]);
    fails!(a.enqueue("", &new()).await, Invalid "run");
}

pub async fn the_oldest_runs_of_a_flow_are_claimed_first<S: Storage>(a: S, b: S) {
    let refund = NewRun {
        flow: "Refund".into(),
        ..new()
    };
    let other = NewRun {
        flow: "Other".into(),
        ..new()
    };
    for run in ["c", "a", "b"] {
        a.enqueue(run, &new()).await.unwrap();
        // The order is that of milliseconds.
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    a.enqueue("refund", &refund).await.unwrap();
    a.enqueue("other", &other).await.unwrap();
    let ids = async |flows: &[&str], limit| -> Vec<String> {
        let owner = format!("owner {limit} {}", flows.len());
        let claimed = claim(&b, &owner, flows, limit).await;
        claimed.into_iter().map(|record| record.run).collect()
    };
    assert_eq!(ids(&["Checkout"], 2).await, ["c", "a"]);
    assert_eq!(ids(&[], 9).await, [""; 0]);
    assert_eq!(ids(&["Refund", "Checkout"], 0).await, [""; 0]);
    assert_eq!(ids(&["Refund", "Checkout"], 9).await, ["refund", "b"]);
    assert_eq!(ids(&["Refund", "Checkout"], 8).await, [""; 0]);
    assert_eq!(show(&a, "other").await.owner, None, "it is left alone");
}

pub async fn only_what_can_continue_is_claimed<S: Storage>(a: S, b: S) {
    for run in ["held", "failed", "stuck", "waiting", "filled", "finished"] {
        begin(&a, run, "me").await;
    }
    a.fail("failed", "me", "bad").await.unwrap();
    a.give_up("stuck", "me", "bad").await.unwrap();
    a.finish("finished", "me", "default", &StateChange::all("{}"))
        .await
        .unwrap();
    for run in ["waiting", "filled"] {
        a.wait(run, "me", &pause(0)).await.unwrap();
    }
    assert_eq!(claimed(&b, "one").await, [""; 0]);

    a.fill("filled", "card#1", "7").await.unwrap();
    a.retry("stuck").await.unwrap();
    a.release("held", "me").await.unwrap();
    let mut runs = claimed(&b, "two").await;
    runs.sort();
    assert_eq!(runs, ["filled", "held", "stuck"]);
    assert_eq!(
        a.wait("filled", "two", &pause(0)).await.unwrap().value,
        Some("7".into())
    );
    // A failed run that is begun again and released can continue.
    again(&a, "failed", "me").await;
    a.release("failed", "me").await.unwrap();
    assert_eq!(claimed(&b, "three").await, ["failed"]);
    // A driver that looks at a waiting run and goes away changes nothing.
    again(&a, "waiting", "me").await;
    a.fill("waiting", "card", "1").await.unwrap();
    assert_eq!(claimed(&b, "four").await, [""; 0], "it is held");
    a.release("waiting", "me").await.unwrap();
    assert_eq!(claimed(&b, "five").await, ["waiting"]);
}

pub async fn a_forked_run_is_claimed<S: Storage>(a: S, b: S) {
    begin(&a, "one", "me").await;
    a.commit("one", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    a.fork("one", 1, "two").await.unwrap();
    assert_eq!(claimed(&b, "worker").await, ["two"]);
}

pub async fn a_run_whose_owner_has_died_is_claimed<S: Storage>(a: S, b: S) {
    let mut watched = Watched::default();
    begin(&a, "alive", "me").await;
    a.begin("died", "you", OVER, &new()).await.unwrap();
    let waits = NewRun {
        flow: "Refund".into(),
        ..new()
    };
    a.begin("waits", "you", OVER, &waits).await.unwrap();
    a.wait("waits", "you", &pause(0)).await.unwrap();
    a.begin("waits", "you", OVER, &waits).await.unwrap();
    let other = NewRun {
        flow: "Other".into(),
        ..new()
    };
    a.begin("other", "you", OVER, &other).await.unwrap();
    assert_eq!(claimed(&b, "one").await, [""; 0]);

    assert_eq!(orphans(&b, &mut watched).await, 2);
    assert_eq!(orphans(&b, &mut watched).await, 0);
    assert_eq!(watched.pause(), None);
    let [died] = &*claim(&b, "two", FLOWS, 9).await else {
        panic!("the other one waits");
    };
    assert_eq!((&*died.run, died.crashes), ("died", 1));
    assert_eq!(show(&a, "waits").await.status, Status::Waiting);
    assert_eq!(show(&a, "waits").await.owner, None);
    assert_eq!(show(&a, "alive").await.owner.as_deref(), Some("me"));
    assert_eq!(show(&a, "other").await.owner.as_deref(), Some("you"));
    // The owner that was believed to be dead comes back.
    fails!(a.commit("died", "you", LONG, &step(1), Retention::All).await, LeaseLost "two");
}

/// Where processes have clocks of their own, an expired lease is watched for as long as it lasts.
pub async fn a_lease_that_is_renewed_is_not_released<S: Storage>(a: S, b: S) {
    let short = Duration::from_millis(40);
    a.begin("alive", "me", short, &new()).await.unwrap();
    a.begin("died", "you", short, &new()).await.unwrap();
    let mut watched = Watched::default();
    let mut found = 0;
    while found == 0 {
        tokio::time::sleep(watched.pause().unwrap_or(short / 8)).await;
        a.renew("alive", "me", short).await.unwrap();
        found = orphans(&b, &mut watched).await;
    }
    assert_eq!(claimed(&b, "worker").await, ["died"]);
    a.renew("alive", "me", short).await.unwrap();
}

pub async fn owners_that_die_are_counted_by_workers<S: Storage>(a: S, b: S) {
    let mut watched = Watched::default();
    a.enqueue("one", &new()).await.unwrap();
    for died in 0..3 {
        let owner = format!("owner {died}");
        let over = Claim {
            owner: &owner,
            lease: OVER,
            flows: FLOWS,
            limit: 9,
        };
        let [record] = &*a.claim(&over).await.unwrap() else {
            panic!("one run");
        };
        assert_eq!(record.crashes, died);
        assert_eq!(orphans(&b, &mut watched).await, 1);
    }
    // An owner that releases its lease has not died.
    let [record] = &*claim(&a, "owner", FLOWS, 9).await else {
        panic!("one run");
    };
    assert_eq!(record.crashes, 3);
    a.commit("one", "owner", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    a.release("one", "owner").await.unwrap();
    assert_eq!(claim(&b, "next", FLOWS, 9).await[0].crashes, 0);
}

pub async fn a_deferred_run_waits_for_a_while<S: Storage>(a: S, b: S) {
    a.enqueue("one", &new()).await.unwrap();
    assert_eq!(claimed(&a, "me").await, ["one"]);
    fails!(b.defer("one", "you", "no").await, LeaseLost "me");
    a.defer("one", "me", "this program is too old")
        .await
        .unwrap();
    let record = show(&b, "one").await;
    assert_eq!(record.owner, None);
    assert_eq!(record.status, Status::Running);
    assert_eq!(record.message.as_deref(), Some("this program is too old"));
    assert_eq!(claimed(&b, "you").await, [""; 0]);
    // It can still be run under its id.
    assert_eq!(again(&b, "one", "you").await.message, record.message);
    b.release("one", "you").await.unwrap();
    assert_eq!(claimed(&a, "they").await, ["one"]);
    fails!(a.defer("none", "me", "no").await, UnknownRun "none");
    // A person does not wait for that.
    fails!(b.retry("one").await, WrongStatus "running");
    a.defer("one", "they", "this program is too old")
        .await
        .unwrap();
    b.retry("one").await.unwrap();
    assert_eq!(show(&b, "one").await.message, None);
    assert_eq!(claimed(&a, "all").await, ["one"]);
}

pub async fn of_two_workers_each_gets_its_own_runs<S: Storage>(a: S, b: S) {
    const RUNS: usize = 120;
    for run in 0..RUNS {
        a.enqueue(&format!("{run:03}"), &new()).await.unwrap();
    }
    let work = async |storage: &S, name: &str| {
        let mut runs = Vec::new();
        for round in 0.. {
            let owner = format!("{name} {round}");
            let taken = claim(storage, &owner, FLOWS, 7).await;
            if taken.is_empty() {
                break;
            }
            for record in &taken {
                assert_eq!(record.owner.as_deref(), Some(&*owner));
            }
            runs.extend(taken.into_iter().map(|record| record.run));
        }
        runs
    };
    let (mut all, others) = tokio::join!(work(&a, "a"), work(&b, "b"));
    all.extend(others);
    assert_eq!(all.len(), RUNS);
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), RUNS);
}
