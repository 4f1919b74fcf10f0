//! A run of a flow or a store that has changed.

use super::*;

/// The flow before the change.
mod before {
    use super::*;
    flow! { pub(crate) Steps { ask >> await(approval) >> note; } }
}

mod with_more {
    use super::*;
    #[node(Order, writes = right)]
    fn extra(approval: &bool) -> String {
        format!("{approval}")
    }
    flow! { pub(crate) Steps { ask >> await(approval) >> extra >> note; } }
}

mod with_less {
    use super::*;
    flow! { pub(crate) Steps { (ask, other) >> await(approval) >> note; } }
    #[node(Order, writes = right)]
    fn other() -> String {
        String::new()
    }
}

#[tokio::test]
async fn a_node_that_was_not_reached_may_be_added() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    before::Steps
        .with(runs.run("a").park())
        .run(&mut order())
        .await
        .unwrap_err();
    runs.fill("a", "approval", "true").await.unwrap();
    let mut order = Order::default();
    with_more::Steps
        .with(runs.run("a"))
        .run(&mut order)
        .await
        .unwrap();
    assert_eq!((order.right.as_deref(), order.log.len()), (Some("true"), 1));
}

#[tokio::test]
async fn a_node_that_is_gone_stops_the_run_before_any_other() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    before::Steps
        .with(runs.run("a").park())
        .run(&mut order())
        .await
        .unwrap_err();
    runs.fill("a", "approval", "true").await.unwrap();
    let mut untouched = order();
    let error = with_less::Steps
        .with(runs.run("a"))
        .run(&mut untouched)
        .await
        .unwrap_err();
    let Changed { conflicts, .. } = error.cause().downcast_ref().unwrap();
    assert_eq!(conflicts, &["the node `ask` of `Steps` is gone"]);
    assert!(
        error
            .cause()
            .to_string()
            .contains("help: finish it with the program that started it")
    );
    assert_eq!(untouched, order());
    assert_eq!(
        runs.list(Some(Status::Waiting)).await.unwrap().len(),
        1,
        "the run is as it was"
    );
    let mut shared = Order::default();
    before::Steps
        .with(runs.run("a"))
        .run(&mut shared)
        .await
        .unwrap();
    assert_eq!(shared.log.len(), 1);
    with_less::Steps
        .with(runs.run("a"))
        .run(&mut untouched)
        .await
        .unwrap();
    assert_eq!(
        untouched.log.len(),
        1,
        "a run that is over gives its result, whatever became of its flow"
    );
}

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Newer {
    log: Vec<String>,
    approval: Option<bool>,
    /// There was no store, and the type has no default.
    price: u64,
}

#[node(Newer, appends = log)]
fn note_price(approval: &bool, price: &u64) -> Vec<String> {
    vec![format!("{approval} for {price}")]
}

#[node(Newer)]
fn ask_again(price: &u64) {
    assert!(*price > 0);
}

mod newer {
    use super::{ask_again as ask, note_price as note};
    pocketflow::flow! { pub(crate) Steps { ask >> await(approval) >> note; } }
}

#[tokio::test]
async fn a_field_without_a_default_needs_a_migration_and_each_start_migrates_what_was_stored() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    before::Steps
        .with(runs.run("a").park())
        .run(&mut order())
        .await
        .unwrap_err();
    let error = newer::Steps
        .with(runs.run("a").park())
        .run(&mut Newer::default())
        .await
        .unwrap_err();
    let text = error.cause().to_string();
    assert!(
        text.contains(
            "the stored state does not fit the store of this program: missing field `price`"
        ),
        "{text}"
    );

    let migrated = || {
        runs.run("a").park().migrate(|mut state| {
            let price = state["items"]
                .as_array_mut()
                .map_or(0, |items| items.drain(..).count());
            state["price"] = price.into();
            Ok(state)
        })
    };
    for _ in 0..2 {
        newer::Steps
            .with(migrated())
            .run(&mut Newer::default())
            .await
            .unwrap_err();
    }
    runs.fill("a", "approval", "true").await.unwrap();
    let mut shared = Newer::default();
    newer::Steps
        .with(migrated())
        .run(&mut shared)
        .await
        .unwrap();
    assert_eq!(shared.log, ["true for 5"]);
}

#[tokio::test]
async fn a_migration_lets_it_go_on() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file).await.unwrap();
    before::Steps
        .with(runs.run("a").park())
        .run(&mut order())
        .await
        .unwrap_err();
    runs.fill("a", "approval", "true").await.unwrap();
    let run = runs.run("a").migrate(|mut state| {
        state["right"] = "made up".into();
        Ok(state)
    });
    let mut shared = Order::default();
    with_less::Steps.with(run).run(&mut shared).await.unwrap();
    assert_eq!(
        (shared.right.as_deref(), shared.log.len()),
        (Some("made up"), 1)
    );
}
