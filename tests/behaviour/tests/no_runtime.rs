//! A run outside tokio. A step that needs a timer reports an error.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use pocketflow::{Error, NoRuntime, Shared, Stage, StepLimit, TimedOut, flow, node};

#[derive(Shared, Default)]
struct Order {
    items: Vec<u32>,
    tries: Vec<u32>,
}

#[node(Order, attempts = 3, wait = "1s", fallback = hide)]
async fn waits() -> Result<(), String> {
    Err("busy".into())
}

fn hide(_: &pocketflow::Reads<'_, waits>, _: Error) -> Result<(), String> {
    Ok(())
}

#[node(Order, attempts = 3, wait = "1s", timeout = "1s")]
async fn is_timed() -> Result<(), String> {
    Ok(())
}

#[node(Order, attempts = 3, timeout = "1s", fallback = hide_timeout)]
async fn has_a_fallback() -> Result<(), String> {
    Ok(())
}

fn hide_timeout(_: &pocketflow::Reads<'_, has_a_fallback>, _: Error) -> Result<(), String> {
    Ok(())
}

#[node(Order, attempts = 3, timeout = "1s", parallel = 2)]
async fn times_items(#[each(items)] _item: &u32) {}

#[node(Order, attempts = 2)]
async fn waits_for_nothing() -> Result<(), String> {
    Ok(())
}

flow! { Waits { waits; } }
flow! { IsTimed { is_timed; } }
flow! { HasAFallback { has_a_fallback; } }
flow! { TimesItems { times_items; } }
flow! { Together { (waits_for_nothing, is_timed); } }
flow! { Bare { waits_for_nothing; } }

/// Polls once, because none of these waits for anything else.
fn now<T>(run: impl Future<Output = T>) -> T {
    match pin!(run).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits"),
    }
}

fn order() -> Order {
    Order {
        items: vec![1, 2, 3],
        ..Order::default()
    }
}

#[test]
fn the_error_names_the_node_and_the_option() {
    let needs = |option| {
        format!(
            "the node's `{option}` needs a tokio runtime, and none is running here: run the flow in one, as `#[tokio::main]` does"
        )
    };
    let errors = [
        (
            now(Waits.run(&mut order())).map(drop).unwrap_err(),
            "Waits > waits: exec failed at attempt 1 of 3, not retried",
            "wait",
        ),
        (
            now(IsTimed.run(&mut order())).map(drop).unwrap_err(),
            "IsTimed > is_timed: exec failed at attempt 1 of 3, not retried",
            "timeout",
        ),
        (
            now(HasAFallback.run(&mut order())).map(drop).unwrap_err(),
            "HasAFallback > has_a_fallback: exec failed at attempt 1 of 3, not retried",
            "timeout",
        ),
        (
            now(TimesItems.run(&mut order())).map(drop).unwrap_err(),
            "TimesItems > times_items[0]: exec failed at attempt 1 of 3, not retried",
            "timeout",
        ),
        (
            now(Together.run(&mut order())).map(drop).unwrap_err(),
            "Together > is_timed: exec failed at attempt 1 of 3, not retried",
            "timeout",
        ),
        (
            now(IsTimed.with(StepLimit::new(9)).run(&mut order()))
                .map(drop)
                .unwrap_err(),
            "IsTimed > is_timed: exec failed at attempt 1 of 3, not retried",
            "timeout",
        ),
    ];
    for (error, place, option) in errors {
        assert_eq!(
            error.cause().downcast_ref::<NoRuntime>(),
            Some(&NoRuntime { option })
        );
        assert_eq!(format!("{error:#}"), format!("{place}: {}", needs(option)));
        assert_eq!(
            error.stage(),
            Stage::Exec {
                attempt: 1,
                attempts: 3
            }
        );
    }
}

#[test]
fn a_node_that_waits_for_nothing_needs_no_runtime() {
    now(Bare.run(&mut order())).unwrap();
}

#[node(Order, timeout = "1s")]
async fn hangs() {
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn inside_a_runtime_the_time_of_an_attempt_is_limited() {
    let start = tokio::time::Instant::now();
    let error = flow! { hangs; }
        .run(&mut order())
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 1);
    assert!(error.find::<TimedOut>().is_some());
}
