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
        (3, state(3))
    );
}

pub async fn a_state_after_each_step<S: Storage>(a: S, b: S) {
    run_of(&a, "r", 3, Retention::Last(2)).await;
    let kept = b.checkpoint("r", 2).await.unwrap().unwrap();
    assert_eq!((kept.graph, kept.position), (graph(2), step(2).position));
    assert_eq!((kept.action, kept.state), (step(2).action, state(2)));
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
    assert_eq!((fork.graph, fork.state), (graph(2), state(2)));
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
    assert_eq!(a.checkpoint("s", 1).await.unwrap().unwrap().state, state(1));
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

/// A state with a long field, which stays or changes with each step.
pub async fn long_fields_have_the_value_of_their_step<S: Storage>(a: S, b: S) {
    let long = |at: u64| format!("\"{at} {}\"", "x".repeat(3_000));
    let whole = |at: u64, text: u64| format!(r#"{{"total":{at},"text":{}}}"#, long(text));
    let mut first = new();
    first.state = whole(0, 0);
    a.begin("r", "me", LONG, &first).await.unwrap();
    let commit = async |number: u64, fields: String, keep| {
        let mut step = step(number);
        step.state = StateChange::some(fields);
        step.graph = (number == 4).then(|| graph(4));
        a.commit("r", "me", LONG, &step, keep).await.unwrap();
    };
    // The text of steps 1 to 8.
    let texts = [0, 2, 2, 2, 5, 5, 7, 7];
    for (number, text) in (1..).zip(texts) {
        let change = match number == text {
            true => whole(number, text),
            false => state(number),
        };
        commit(number, change, Retention::All).await;
    }
    let expected = |number: u64| whole(number, texts[number as usize - 1]);
    for number in 1..=8 {
        let kept = b.checkpoint("r", number).await.unwrap().unwrap();
        assert_eq!(kept.state, expected(number));
        assert_eq!(
            kept.graph,
            if number < 4 { new().graph } else { graph(4) },
            "{number}"
        );
    }
    assert_eq!(show(&b, "r").await.state, expected(8));
    b.fork("r", 4, "fork").await.unwrap();
    // What the forgotten steps alone had goes, and nothing else.
    commit(9, whole(9, 9), Retention::Last(4)).await;
    for number in 6..=8 {
        let kept = b.checkpoint("r", number).await.unwrap().unwrap();
        assert_eq!((kept.state, kept.graph), (expected(number), graph(4)));
    }
    assert_eq!(show(&b, "r").await.state, whole(9, 9));
    a.wait("r", "me", &pause(9)).await.unwrap();
    assert_eq!(show(&b, "r").await.state, "{}");
    let kept = b.checkpoint("r", 9).await.unwrap().unwrap();
    assert_eq!(kept.state, whole(9, 9));
    again(&a, "r", "me").await;
    commit(10, r#"{"text":null}"#.into(), Retention::None).await;
    assert_eq!(show(&b, "r").await.state, r#"{"text":null}"#);
    a.remove("r").await.unwrap_err();
    a.finish("r", "me", "done", &StateChange::some(whole(11, 11)))
        .await
        .unwrap();
    let end = show(&b, "r").await.state;
    assert_eq!(end, format!(r#"{{"text":{},"total":11}}"#, long(11)));
    a.remove("r").await.unwrap();

    assert_eq!(again(&a, "fork", "me").await.state, expected(4));
    for number in 1..=4 {
        let kept = b.checkpoint("fork", number).await.unwrap().unwrap();
        assert_eq!(kept.state, expected(number));
    }
    let mut change = step(5);
    change.state = StateChange::some(whole(5, 50));
    a.commit("fork", "me", LONG, &change, Retention::Last(2))
        .await
        .unwrap();
    let kept = b.checkpoint("fork", 4).await.unwrap().unwrap();
    assert_eq!(kept.state, expected(4));
    assert_eq!(show(&b, "fork").await.state, whole(5, 50));
}

pub async fn only_an_object_is_a_state<S: Storage>(a: S, _: S) {
    let mut bad = new();
    for state in ["", "7", "[]", "{"] {
        bad.state = state.into();
        fails!(a.begin("r", "me", LONG, &bad).await, InvalidState "`r`");
    }
    begin(&a, "r", "me").await;
    for state in ["7", "{"] {
        let mut bad = step(1);
        bad.state = StateChange::some(state);
        fails!(a.commit("r", "me", LONG, &bad, Retention::All).await, InvalidState "`r`");
        fails!(a.finish("r", "me", "done", &bad.state).await, InvalidState);
    }
    assert_eq!(show(&a, "r").await.step, 0);
}
