//! Many calls at once.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use crate::{ItemKey, Retention, Storage};
use futures_util::future::join_all;

use super::support::*;

fn item(item: u64) -> ItemKey {
    ItemKey {
        branch: None,
        item: Some(item),
    }
}

pub async fn hundreds_of_items_at_once<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    begin(&b, "s", "me").await;
    let keep = async |number: u64| {
        a.keep_item("r", "me", 1, &item(number), &number.to_string())
            .await
            .unwrap();
        b.keep_item("s", "me", 1, &item(number), &number.to_string())
            .await
            .unwrap();
    };
    join_all((0..700).map(keep)).await;
    let expected: Vec<_> = (0..700)
        .map(|number| (item(number), number.to_string()))
        .collect();
    assert_eq!(b.items("r", 1).await.unwrap(), expected);
    assert_eq!(a.items("s", 1).await.unwrap(), expected);
}

pub async fn one_that_fails_takes_no_other_with_it<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    let keep = async |number: u64| {
        let owner = if number.is_multiple_of(3) {
            "nobody"
        } else {
            "me"
        };
        a.keep_item("r", owner, 1, &item(number), "1").await.is_ok()
    };
    let kept = join_all((0..300).map(keep)).await;
    assert!(
        kept.iter()
            .enumerate()
            .all(|(number, kept)| *kept != number.is_multiple_of(3))
    );
    let items = b.items("r", 1).await.unwrap();
    assert_eq!(items.len(), 200);
    assert!(
        items
            .iter()
            .all(|(key, _)| !key.item.unwrap().is_multiple_of(3))
    );
}

pub async fn futures_that_are_dropped<S: Storage>(a: S, b: S) {
    begin(&a, "r", "me").await;
    for number in 1..=50 {
        {
            let number_step = step(number);
            let (item, keep) = (
                item(number),
                a.commit("r", "me", LONG, &number_step, Retention::All),
            );
            let mut context = Context::from_waker(Waker::noop());
            let _ = pin!(a.keep_item("r", "me", number, &item, "1")).poll(&mut context);
            let _ = pin!(keep).poll(&mut context);
        }
        // Each call had its full effect or none.
        let run = show(&b, "r").await;
        assert_eq!(
            run.state,
            if run.step == 0 {
                new().state
            } else {
                state(run.step)
            }
        );
    }
    let last = step(51);
    a.commit("r", "me", LONG, &last, Retention::All)
        .await
        .unwrap();
    assert_eq!(show(&b, "r").await.state, state(51));
    assert_eq!(b.items("r", 51).await.unwrap(), []);
}
