//! The history of a run, and forks of it.

use crate::{Pause, Retention, Status, Storage};

use super::support::*;

async fn run_of(storage: &impl Storage, run: &str, steps: u64, keep: Retention) {
    begin(storage, run, "me").await;
    for number in 1..=steps {
        storage
            .commit(run, "me", LONG, &step(number), keep)
            .await
            .unwrap();
    }
}

async fn kept(storage: &impl Storage, run: &str) -> Vec<u64> {
    storage
        .history(run)
        .await
        .unwrap()
        .iter()
        .map(|kept| kept.step)
        .collect()
}

pub async fn all_is_kept<S: Storage>(a: S, b: S) {
    run_of(&a, "r", 12, Retention::All).await;
    let history = b.history("r").await.unwrap();
    assert_eq!(kept(&b, "r").await, (1..=12).collect::<Vec<_>>());
    assert_eq!(
        (history[4].path.clone(), history[4].action.clone()),
        (step(5).path, step(5).action)
    );
    assert!(history.windows(2).all(|pair| pair[0].time <= pair[1].time));
    assert_eq!(history[11].time, show(&b, "r").await.updated);
}

pub async fn the_last_are_kept<S: Storage>(a: S, b: S) {
    run_of(&a, "r", 10, Retention::Last(3)).await;
    assert_eq!(kept(&b, "r").await, [8, 9, 10]);
    // Steps may skip numbers, and the limit may change.
    a.commit("r", "me", LONG, &step(100), Retention::Last(3))
        .await
        .unwrap();
    assert_eq!(kept(&b, "r").await, [9, 10, 100]);
    a.commit("r", "me", LONG, &step(101), Retention::Last(5))
        .await
        .unwrap();
    assert_eq!(kept(&b, "r").await, [9, 10, 100, 101]);
    a.commit("r", "me", LONG, &step(102), Retention::Last(1))
        .await
        .unwrap();
    assert_eq!(kept(&b, "r").await, [102]);
    run_of(&a, "zero", 2, Retention::Last(0)).await;
    assert_eq!(kept(&b, "zero").await, [0; 0]);
}

pub async fn none_is_kept<S: Storage>(a: S, b: S) {
    run_of(&a, "r", 2, Retention::All).await;
    a.commit("r", "me", LONG, &step(3), Retention::None)
        .await
        .unwrap();
    assert_eq!(kept(&b, "r").await, [0; 0]);
    assert_eq!(
        (show(&b, "r").await.step, show(&b, "r").await.state),
        (3, step(3).state)
    );
}

pub async fn a_state_after_each_step<S: Storage>(a: S, b: S) {
    run_of(&a, "r", 3, Retention::Last(2)).await;
    let state = b.checkpoint("r", 2).await.unwrap().unwrap();
    assert_eq!(
        (state.graph, state.position),
        (step(2).graph, step(2).position)
    );
    assert_eq!((state.action, state.state), (step(2).action, step(2).state));
    assert_eq!(b.checkpoint("r", 1).await.unwrap(), None);
    assert_eq!(b.checkpoint("r", 4).await.unwrap(), None);
}

pub async fn a_forked_run_starts_after_a_step<S: Storage>(a: S, b: S) {
    run_of(&a, "r", 4, Retention::All).await;
    a.wait(
        "r",
        "me",
        &Pause {
            position: "[4]",
            ..pause(4)
        },
    )
    .await
    .unwrap();
    let before = show(&a, "r").await;
    b.fork("r", 2, "s").await.unwrap();
    assert_eq!(show(&a, "r").await, before);

    let fork = show(&a, "s").await;
    assert_eq!(
        (fork.flow.as_str(), fork.status, fork.step),
        ("Checkout", Status::Running, 2)
    );
    assert_eq!(
        (fork.path, fork.position, fork.action.unwrap()),
        (step(2).path, step(2).position, step(2).action)
    );
    assert_eq!((fork.graph, fork.state), (step(2).graph, step(2).state));
    assert_eq!(
        (fork.owner, fork.waits_for, fork.exit, fork.message),
        (None, None, None, None)
    );
    assert_eq!(kept(&a, "s").await, [1, 2]);
    assert_eq!(again(&a, "s", "you").await.step, 2);
    a.commit("s", "you", LONG, &step(3), Retention::All)
        .await
        .unwrap();
    a.fork("s", 1, "t").await.unwrap();
    // The fork does not depend on its origin.
    a.remove("r").await.unwrap();
    assert_eq!(
        a.checkpoint("s", 1).await.unwrap().unwrap().state,
        step(1).state
    );
}

pub async fn a_fork_of_what_is_not_there<S: Storage>(a: S, _: S) {
    run_of(&a, "r", 4, Retention::Last(2)).await;
    fails!(a.fork("r", 2, "s").await, NoCheckpoint "`r`" "step 2");
    fails!(a.fork("r", 5, "s").await, NoCheckpoint);
    fails!(a.fork("r", 4, "r").await, Exists "`r`");
    begin(&a, "s", "me").await;
    fails!(a.fork("r", 4, "s").await, Exists "`s`");
    assert_eq!(show(&a, "s").await.step, 0);
}
