//! `Watch`, which shows a part of the store while a flow runs.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use pocketflow::{
    Driver, Error, Graph, Shared, Start, StepInfo, StepLimit, Trace, Watch, flow, node,
};
use tokio::sync::watch;

#[derive(Shared, Default, Debug, Clone, PartialEq)]
struct Order {
    status: String,
    total_cents: u64,
    facts: u64,
    figures: u64,
    receipt: Option<String>,
}

#[node(Order, writes = total_cents)]
async fn add_up(total_cents: &u64) -> u64 {
    tokio::task::yield_now().await;
    total_cents + 1
}

#[node(Order, writes = status)]
async fn pay() -> String {
    tokio::task::yield_now().await;
    "paid".into()
}

#[node(Order, writes = facts)]
async fn find() -> u64 {
    1
}

#[node(Order, writes = figures)]
async fn count() -> u64 {
    2
}

#[node(Order)]
async fn fails() -> Result<(), String> {
    Err("on purpose".into())
}

#[node(Order)]
async fn hangs() {
    std::future::pending().await
}

flow! { Payment { add_up >> pay; } }
flow! { Checkout { Payment >> (find, count) >> add_up; } }

/// A watch whose closure also sends every value that it computes, changed or not.
fn recorded<T: Clone + PartialEq + Send + Sync + 'static>(
    order: &Order,
    show: fn(&Order) -> T,
) -> (Watch<Order, T>, Receiver<T>) {
    let (sender, values) = channel();
    let sender = Mutex::new(sender);
    let watch = Watch::new(order, move |order| {
        let value = show(order);
        sender.lock().unwrap().send(value.clone()).unwrap();
        value
    });
    (watch, values)
}

#[tokio::test]
async fn the_value_follows_the_store_from_the_beginning_of_a_run_through_each_step() {
    let mut order = Order::default();
    let (watch, values) = recorded(&order, |order| {
        let Order { facts, figures, .. } = *order;
        (order.status.clone(), order.total_cents, facts, figures)
    });
    Checkout.with(watch).run(&mut order).await.unwrap();
    let expected = [
        ("", 0, 0, 0), // when it is made
        ("", 0, 0, 0), // when the run begins
        ("", 1, 0, 0),
        ("paid", 1, 0, 0),
        ("paid", 1, 1, 2), // a fork is one step
        ("paid", 2, 1, 2),
    ];
    let values: Vec<_> = values.into_iter().collect();
    let values: Vec<_> = values
        .iter()
        .map(|(s, t, a, i)| (&**s, *t, *a, *i))
        .collect();
    assert_eq!(values, expected);
}

#[tokio::test]
async fn a_receiver_wakes_only_if_the_value_has_changed() {
    let mut order = Order::default();
    let watch = Watch::new(&order, |order| order.status.clone());
    let mut status = watch.subscribe();
    assert_eq!(*status.borrow_and_update(), "");
    let seen = async {
        let mut seen = Vec::new();
        while status.changed().await.is_ok() {
            seen.push(status.borrow_and_update().clone());
        }
        seen
    };
    let (run, seen) = tokio::join!(Checkout.with(watch).run(&mut order), seen);
    run.unwrap();
    assert_eq!(seen, ["paid"]);
}

/// Waits until the channel is closed, and returns the last value.
async fn last<T: Clone>(mut values: watch::Receiver<T>) -> T {
    while values.changed().await.is_ok() {}
    values.borrow().clone()
}

#[tokio::test]
async fn the_channel_closes_when_the_run_ends_and_the_last_value_stays() {
    let mut order = Order::default();
    let watch = Watch::new(&order, Order::clone);
    let (one, two) = (watch.subscribe(), watch.subscribe());
    let run = tokio::spawn(async move {
        Checkout
            .with(StepLimit::new(9))
            .with(watch)
            .with(Trace)
            .run(&mut order)
            .await
            .map(|_| order)
    });
    let (one, two) = (last(one).await, last(two).await);
    let order = run.await.unwrap().unwrap();
    assert_eq!((&one, &two), (&order, &order));
    assert_eq!(order.figures, 2);
}

#[tokio::test]
async fn a_borrowed_watch_outlives_the_run() {
    let (mut order, mut other) = (Order::default(), Order::default());
    let watch = Watch::new(&order, |order| order.total_cents);
    let totals = watch.subscribe();
    Checkout.with(&watch).run(&mut order).await.unwrap();
    assert_eq!(*totals.borrow(), 2);
    assert!(totals.has_changed().unwrap());
    assert_eq!(format!("{watch:?}"), "Watch { latest: 2, .. }");

    // Another run begins with its own store.
    other.total_cents = 40;
    let error = flow! { fails; }.with(&watch).run(&mut other).await;
    error.map(drop).unwrap_err();
    assert_eq!(*totals.borrow(), 40);
}

#[tokio::test]
async fn the_last_value_stays_when_the_task_of_the_run_is_aborted() {
    let mut order = Order::default();
    let watch = Watch::new(&order, Order::clone);
    let mut values = watch.subscribe();
    let run = tokio::spawn(async move {
        flow! { Payment >> hangs; }
            .with(watch)
            .run(&mut order)
            .await
            .map(drop)
    });
    values
        .wait_for(|order| order.status == "paid")
        .await
        .unwrap();
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    let order = last(values).await;
    assert_eq!((order.total_cents, &*order.status), (1, "paid"));
}

#[tokio::test]
async fn what_an_outer_or_inner_driver_loads_is_shown_before_the_first_step() {
    struct Loads;

    impl Driver<Order> for Loads {
        async fn begin(
            &self,
            _flow: &'static Graph,
            _info: Option<&StepInfo<'_>>,
            shared: &mut Order,
        ) -> Result<Start, Error> {
            shared.status = "loaded".into();
            Ok(Start::Fresh)
        }
    }

    let values = |values: Receiver<String>| values.into_iter().collect::<Vec<_>>();
    let mut order = Order::default();
    let (watch, outside) = recorded(&order, |order| order.status.clone());
    Payment
        .with(watch)
        .with(Loads)
        .run(&mut order)
        .await
        .unwrap();
    assert_eq!(values(outside), ["", "loaded", "loaded", "paid"]);

    let mut order = Order::default();
    let (watch, inside) = recorded(&order, |order| order.status.clone());
    Payment
        .with(Loads)
        .with(watch)
        .run(&mut order)
        .await
        .unwrap();
    assert_eq!(values(inside), ["", "loaded", "loaded", "paid"]);
}

/// It promises a receipt, and does not always write one.
struct Forgets;

#[node(Order, writes(status, receipt))]
impl Forgets {
    fn exec(&self) {}
    fn post(&self, status: &mut String, receipt: &mut Option<String>) {
        let _ = receipt;
        *status = "written".into();
    }
}

#[tokio::test]
async fn what_a_failed_post_has_written_is_shown() {
    flow! { Half { forgets: Forgets; forgets; } }
    let mut order = Order::default();
    let watch = Watch::new(&order, |order| order.status.clone());
    let status = watch.subscribe();
    let flow = Half { forgets: Forgets };
    flow.with(watch).run(&mut order).await.unwrap_err();
    assert_eq!((&*order.status, &**status.borrow()), ("written", "written"));
}
