//! Steps and their items.

use crate::{ItemKey, Retention, Status, Storage};

use super::support::*;

fn key(branch: Option<u32>, item: Option<u64>) -> ItemKey {
    ItemKey { branch, item }
}

pub async fn a_step_is_stored<S: Storage>(a: S, b: S) {
    a.begin("r", "me", OVER, &new()).await.unwrap();
    let before = show(&a, "r").await;
    a.commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    let run = show(&b, "r").await;
    assert_eq!((run.step, run.status), (1, Status::Running));
    assert_eq!(
        (run.path, run.position, run.action.unwrap()),
        (step(1).path, step(1).position, step(1).action)
    );
    assert_eq!((run.graph, run.state), (graph(1), state(1)));
    assert!(run.lease_until > before.lease_until);
    assert!(run.updated >= before.updated && run.created == before.created);
}

/// The situation after a lost connection, when the caller does not know whether the step was
/// stored.
pub async fn a_step_is_stored_once_more<S: Storage>(a: S, _: S) {
    begin(&a, "r", "me").await;
    a.commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    let mut other = step(1);
    other.state = StateChange::some(r#"{"total":2}"#);
    a.commit("r", "me", LONG, &other, Retention::All)
        .await
        .unwrap();
    assert_eq!(a.history("r").await.unwrap().len(), 1);
    assert_eq!(a.checkpoint("r", 1).await.unwrap().unwrap().state, state(2));
    assert_eq!(show(&a, "r").await.state, state(2));
}

pub async fn steps_do_not_go_back<S: Storage>(a: S, _: S) {
    begin(&a, "r", "me").await;
    a.commit("r", "me", LONG, &step(5), Retention::All)
        .await
        .unwrap();
    let before = show(&a, "r").await;
    fails!(a.commit("r", "me", LONG, &step(4), Retention::None).await, Behind "`r`" "step 4" "step 5");
    fails!(a.wait("r", "me", &pause(4)).await, Behind);
    assert_eq!(show(&a, "r").await, before);
    assert_eq!(a.history("r").await.unwrap().len(), 1);
}

pub async fn items_are_kept_until_their_step_is_stored<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    begin(&a, "other", "me").await;
    let keys = [
        key(None, None),
        key(None, Some(0)),
        key(None, Some(10)),
        key(None, Some(u64::from(u32::MAX) + 1)),
        key(Some(0), None),
        key(Some(0), Some(2)),
        key(Some(u32::MAX), Some(1)),
    ];
    for (at, key) in keys.iter().enumerate().rev() {
        a.keep_item("r", "me", 1, key, &format!("{at}"))
            .await
            .unwrap();
    }
    a.keep_item("r", "me", 2, &keys[1], r#""next""#)
        .await
        .unwrap();
    a.keep_item("other", "me", 1, &keys[1], r#""other""#)
        .await
        .unwrap();
    let expected: Vec<_> = keys
        .iter()
        .enumerate()
        .map(|(at, key)| (*key, at.to_string()))
        .collect();
    assert_eq!(b.items("r", 1).await.unwrap(), expected);
    a.keep_item("r", "me", 1, &keys[0], "[1, 2]").await.unwrap();
    assert_eq!(b.items("r", 1).await.unwrap()[0].1, "[1, 2]");
    fails!(a.keep_item("r", "me", 1, &key(None, Some(u64::MAX)), "1").await, Invalid "item");

    a.commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    assert_eq!(b.items("r", 1).await.unwrap(), []);
    assert_eq!(b.items("r", 2).await.unwrap().len(), 1);
    assert_eq!(b.items("other", 1).await.unwrap().len(), 1);
    a.commit("r", "me", LONG, &step(3), Retention::All)
        .await
        .unwrap();
    assert_eq!(b.items("r", 2).await.unwrap(), []);
    assert_eq!(b.items("nobody", 2).await.unwrap(), []);
}

pub async fn items_are_fenced<S: Storage>(a: S, b: S) {
    a.begin("r", "me", OVER, &new()).await.unwrap();
    a.keep_item("r", "me", 1, &key(None, Some(0)), "1")
        .await
        .unwrap();
    again(&b, "r", "you").await;
    fails!(
        a.keep_item("r", "me", 1, &key(None, Some(0)), "2").await,
        LeaseLost
    );
    fails!(
        a.keep_item("r", "me", 1, &key(None, Some(1)), "2").await,
        LeaseLost
    );
    assert_eq!(
        b.items("r", 1).await.unwrap(),
        [(key(None, Some(0)), "1".to_owned())]
    );
}

pub async fn a_large_state<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let mut large = step(1);
    let state = format!(r#"{{"total":0,"text":"{}"}}"#, "x".repeat(5 << 20));
    large.state = StateChange::all(&*state);
    a.commit("r", "me", LONG, &large, Retention::Last(1))
        .await
        .unwrap();
    assert!(show(&b, "r").await.state == state);
    assert!(b.checkpoint("r", 1).await.unwrap().unwrap().state == state);
}

pub async fn texts_with_anything_in_them<S: Storage>(a: S, b: S) {
    let mut new = new();
    new.flow = "a\0b 'c' \"d\" 🦀\n".into();
    new.state = r#"{"a":"\u0000 🦀"}"#.into();
    a.begin("r", "me", LONG, &new).await.unwrap();
    let mut odd = step(1);
    odd.path = "a\0b".into();
    odd.action = "not\nyet\0".into();
    odd.state = StateChange::all(&*new.state);
    a.commit("r", "me", LONG, &odd, Retention::All)
        .await
        .unwrap();
    let run = show(&b, "r").await;
    assert_eq!(run.flow, "a\u{fffd}b 'c' \"d\" 🦀\n");
    assert_eq!(
        (run.path.as_str(), run.action.as_deref()),
        ("a\u{fffd}b", Some("not\nyet\u{fffd}"))
    );
    assert_eq!(run.state, new.state);
    a.finish("r", "me", "\0", &StateChange::some("{}"))
        .await
        .unwrap();
    assert_eq!(show(&b, "r").await.exit.as_deref(), Some("\u{fffd}"));
}

pub async fn an_unknown_run<S: Storage>(a: S, _: S) {
    fails!(a.commit("r", "me", LONG, &step(1), Retention::All).await, UnknownRun "`r`");
    fails!(
        a.keep_item("r", "me", 1, &key(None, None), "1").await,
        UnknownRun
    );
    fails!(a.wait("r", "me", &pause(1)).await, UnknownRun);
    fails!(a.fill("r", "card", "1").await, UnknownRun);
    fails!(a.fill("r", "card#1", "1").await, UnknownRun);
    fails!(a.filled("r", "card").await, UnknownRun);
    fails!(
        a.finish("r", "me", "done", &StateChange::all("{}")).await,
        UnknownRun
    );
    fails!(a.fail("r", "me", "bad").await, UnknownRun);
    fails!(a.give_up("r", "me", "bad").await, UnknownRun);
    fails!(a.renew("r", "me", LONG).await, UnknownRun);
    fails!(a.release("r", "me").await, UnknownRun);
    fails!(a.history("r").await, UnknownRun);
    fails!(a.fork("r", 1, "s").await, UnknownRun);
    fails!(a.remove("r").await, UnknownRun);
    assert_eq!(a.show("r").await.unwrap(), None);
    assert_eq!(a.checkpoint("r", 1).await.unwrap(), None);
}
