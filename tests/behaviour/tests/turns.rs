//! Which item is polled next in a parallel batch, and in nested batches.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use pocketflow::{Shared, TimedOut, flow, node};
use tokio::task::coop::consume_budget;
use tokio::time::sleep;

/// A batch in which each item is a flow with another batch, and so on.
#[derive(Shared)]
struct Nested {
    items: Vec<u64>,
    /// The number of items of each item, by level.
    below: Vec<u64>,
    polls: Arc<AtomicU64>,
    sums: Vec<u64>,
}

impl Nested {
    fn new(widths: &[u64], polls: Arc<AtomicU64>) -> Self {
        let (first, below) = widths.split_first().unwrap();
        Self {
            items: (0..*first).collect(),
            below: below.to_vec(),
            polls,
            sums: Vec::new(),
        }
    }
}

/// Counts its polls.
async fn leaf(polls: &AtomicU64) -> u64 {
    let mut work = pin!(async {
        sleep(Duration::from_millis(1)).await;
        consume_budget().await;
    });
    poll_fn(|context| {
        polls.fetch_add(1, Relaxed);
        work.as_mut().poll(context)
    })
    .await;
    1
}

/// One level down.
async fn below(below: &[u64], polls: &Arc<AtomicU64>, parallel: usize) -> u64 {
    if below.is_empty() {
        return leaf(polls).await;
    }
    let mut nested = Nested::new(below, Arc::clone(polls));
    let run: std::pin::Pin<Box<dyn Future<Output = _> + Send>> = match parallel {
        0 => Box::pin(async { flow! { unbounded; }.run(&mut nested).await.map(drop) }),
        _ => Box::pin(async { flow! { by_64; }.run(&mut nested).await.map(drop) }),
    };
    run.await.unwrap();
    nested.sums.iter().sum()
}

#[node(Nested, writes = sums, parallel = 64)]
async fn by_64(#[each(items)] _item: &u64, below: &[u64], polls: &Arc<AtomicU64>) -> u64 {
    self::below(below, polls, 64).await
}

#[node(Nested, writes = sums, parallel = unbounded)]
async fn unbounded(#[each(items)] _item: &u64, below: &[u64], polls: &Arc<AtomicU64>) -> u64 {
    self::below(below, polls, 0).await
}

/// How often each leaf is polled.
fn polls_a_leaf(widths: &[u64], parallel: usize) -> f64 {
    let polls = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&polls);
    let widths = widths.to_vec();
    let leaves: u64 = widths.iter().product();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let task = runtime.spawn(async move { below(&widths, &counted, parallel).await });
    assert_eq!(runtime.block_on(task).unwrap(), leaves);
    polls.load(Relaxed) as f64 / leaves as f64
}

#[test]
fn nested_batches_poll_their_leaves_about_as_often_as_flat_ones() {
    for parallel in [64, 0] {
        for widths in [
            &[10_000][..],
            &[100, 100],
            &[100, 100, 10],
            &[10, 10, 10, 10],
        ] {
            let polls = polls_a_leaf(widths, parallel);
            println!("{widths:?}, parallel = {parallel}: {polls:.2} polls a leaf");
            assert!(
                polls <= 3.0,
                "{widths:?}, parallel = {parallel}: {polls:.2} polls a leaf"
            );
        }
    }
}

#[derive(Shared, Default)]
struct Queue {
    items: Vec<usize>,
    started: AtomicUsize,
    done: Vec<usize>,
}

impl Queue {
    fn of(items: usize) -> Self {
        Self {
            items: (0..items).collect(),
            ..Self::default()
        }
    }
}

/// The first item waits for its next turn, once.
async fn first_waits(item: usize) {
    if item == 0 {
        wait_for_turns(1).await;
    }
}

/// Waits this many times for the next turn.
async fn wait_for_turns(mut turns: usize) {
    poll_fn(|context| {
        if turns == 0 {
            return Poll::Ready(());
        }
        turns -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[node(Queue, writes = done, parallel = 3)]
async fn in_turn(#[each(items)] item: &usize, started: &AtomicUsize) -> usize {
    started.fetch_add(1, Relaxed);
    first_waits(*item).await;
    started.load(Relaxed)
}

#[tokio::test]
async fn an_item_that_was_woken_does_not_wait_for_all_the_others() {
    let mut queue = Queue::of(1_000);
    flow! { in_turn; }.run(&mut queue).await.unwrap();
    assert!(
        queue.done[0] <= 3,
        "item 0 was done when {} had started",
        queue.done[0]
    );
    assert_eq!(queue.done.len(), 1_000);
}

#[node(Queue, writes = done, parallel = 3)]
async fn waits_long(#[each(items)] item: &usize, started: &AtomicUsize) -> usize {
    started.fetch_add(1, Relaxed);
    if *item == 0 {
        wait_for_turns(100).await;
    }
    started.load(Relaxed)
}

#[tokio::test]
async fn every_second_turn_is_that_of_an_item_that_was_woken() {
    let mut queue = Queue::of(1_000);
    flow! { waits_long; }.run(&mut queue).await.unwrap();
    // One poll for the first item itself, one for each of its turns, and one each time the task
    // yields.
    let started = queue.done[0];
    assert!((90..=110).contains(&started), "{started} had started");
}

#[node(Queue, parallel = unbounded)]
async fn hangs(#[each(items)] _item: &usize, started: &AtomicUsize) {
    started.fetch_add(1, Relaxed);
    std::future::pending::<()>().await;
}

#[test]
fn a_batch_gives_way_after_many_items_and_not_after_each_that_waits() {
    let mut queue = Queue::of(100);
    let flow = flow! { hangs; };
    let mut run = Box::pin(flow.run(&mut queue));
    let poll = run.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll.is_pending());
    drop(run);
    assert_eq!(queue.started.load(Relaxed), 64);
}

#[node(Queue, parallel = 3)]
async fn fails_late(#[each(items)] item: &usize, started: &AtomicUsize) -> Result<(), String> {
    started.fetch_add(1, Relaxed);
    first_waits(*item).await;
    if *item == 0 {
        Err("the first".into())
    } else {
        Ok(())
    }
}

#[tokio::test]
async fn an_error_of_an_item_that_was_woken_shows_before_the_others_start() {
    let mut queue = Queue::of(100_000);
    let error = flow! { fails_late; }
        .run(&mut queue)
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(error.item(), Some(0));
    let started = queue.started.load(Relaxed);
    assert!(started <= 3, "{started} have started");
}

#[node(Queue, parallel = 3, timeout = "10ms")]
async fn times_out(#[each(items)] item: &usize, started: &AtomicUsize) {
    started.fetch_add(1, Relaxed);
    if *item == 0 {
        std::future::pending::<()>().await;
    }
    // Work that keeps the thread busy without waiting.
    std::thread::sleep(Duration::from_micros(20));
}

#[tokio::test]
async fn a_timeout_shows_while_other_items_are_ready_at_once() {
    let mut queue = Queue::of(100_000);
    let error = flow! { times_out; }
        .run(&mut queue)
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(
        error.cause().downcast_ref::<TimedOut>(),
        Some(&TimedOut {
            limit: Duration::from_millis(10)
        })
    );
    // Tokio checks its timers now and then, after the task has yielded often enough.
    let started = queue.started.load(Relaxed);
    assert!(started <= 20_000, "{started} have started");
}
