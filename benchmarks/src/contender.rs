//! The tasks of a contender.

use std::future::poll_fn;
use std::hint::black_box;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

/// A future from a contender.
pub type BoxFuture = Pin<Box<dyn Future<Output = u64> + Send>>;

/// A library, or a way to write the code by hand.
pub struct Contender {
    /// The name in the table.
    pub name: &'static str,
    /// The package whose version is read from `Cargo.lock`.
    pub package: Option<&'static str>,
    /// Whether it is a state machine, which its user drives with one event for each step.
    pub machine: bool,
    /// The functions that measure a step, by shape. `missing` explains the shapes that are absent.
    pub steps: &'static [(Shape, Steps)],
    /// A batch.
    pub batch: Option<fn(Batch) -> BoxFuture>,
    /// A flow that waits at [`gate`].
    pub waiting: Option<fn() -> BoxFuture>,
    /// The tasks that it cannot do, and why: `("branch", "its edges take no …")`.
    pub missing: &'static [(&'static str, &'static str)],
    /// Notes that a reader of its figures needs: `("batch", "all items are …")`. The case is the
    /// name of a shape, `steps` for all shapes, `batch`, `waiting` or `compile`.
    pub notes: &'static [(&'static str, &'static str)],
}

impl Contender {
    /// A contender without any task.
    pub const NONE: Self = Self {
        name: "",
        package: None,
        machine: false,
        steps: &[],
        batch: None,
        waiting: None,
        missing: &[],
        notes: &[],
    };
}

/// Runs a flow for at least this many steps, and returns the final count.
#[derive(Clone, Copy)]
pub enum Steps {
    /// Without a runtime.
    Sync(fn(u64) -> u64),
    /// As a task of a current-thread runtime.
    Async(fn(u64) -> BoxFuture),
}

/// The shape of a flow. Each node reads the count, passes it through [`work`] (in the last shape,
/// [`look`]), and writes it back. So the final count is the number of steps, which the harness
/// checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One node that repeats itself until `left` is 0. One run.
    Loop,
    /// Three nodes, one after the other, each once. One run for every three steps, each with a new
    /// store or context.
    Chain,
    /// A node that chooses one of six others by `count % 12 / 2`, with the count that it read. All
    /// six lead back to it, and out when the steps are done. The choice and the chosen node are one
    /// step each. One run.
    Branch,
    /// A loop around a flow of two nodes: `outer` leads to the flow `inner` (`first >> second`),
    /// which leads back. Three steps for each round. One run.
    Nested,
    /// A self-loop that reads a text of 1,000 characters and a list of 100 numbers, both of which
    /// stay in the store, and writes a field that is empty before the first visit: the number of
    /// the visit. One run.
    Store,
}

impl Shape {
    pub const ALL: [Self; 5] = [
        Self::Loop,
        Self::Chain,
        Self::Branch,
        Self::Nested,
        Self::Store,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Loop => "loop",
            Self::Chain => "chain",
            Self::Branch => "branch",
            Self::Nested => "nested",
            Self::Store => "store",
        }
    }

    /// The number of steps in one round. Numbers of steps are multiples of it.
    pub fn round(self) -> u64 {
        match self {
            Self::Loop | Self::Store => 1,
            Self::Branch => 2,
            Self::Chain | Self::Nested => 3,
        }
    }
}

/// A batch: computes `factor` times each of the numbers from 0 on, at most `width` at the same
/// time, and returns the sum.
#[derive(Clone, Copy)]
pub struct Batch {
    pub items: u64,
    pub width: usize,
    pub factor: u64,
    pub pause: Pause,
}

/// What the work of an item waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Yields once, and wakes itself immediately.
    Yield,
    /// Sleeps 1 ms of tokio's clock.
    Sleep,
}

/// The text that a node of [`Shape::Store`] reads.
pub fn text() -> String {
    "x".repeat(1_000)
}

/// The numbers that a node of [`Shape::Store`] reads.
pub fn numbers() -> Vec<u64> {
    (0..100).collect()
}

/// The work of a step: adds one, in a way that the compiler cannot optimize away.
#[inline(always)]
pub fn work(count: u64) -> u64 {
    black_box(count) + 1
}

/// The work of a step of [`Shape::Store`]: reads the borrowed values without copying them.
#[inline(always)]
pub fn look(count: u64, text: &str, numbers: &[u64]) -> u64 {
    let (text, numbers) = (black_box(text.len()), black_box(numbers.len()));
    count + u64::from(text == 1_000) * u64::from(numbers == 100)
}

/// The work of an item.
pub async fn item(pause: Pause, number: u64, factor: u64) -> u64 {
    match pause {
        Pause::Yield => yield_once().await,
        Pause::Sleep => tokio::time::sleep(Duration::from_millis(1)).await,
    }
    number * factor
}

/// Yields to the executor once, and wakes itself immediately.
pub async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

static OPEN: AtomicBool = AtomicBool::new(false);

/// Opens or shuts the [`gate`].
pub fn set_gate(open: bool) {
    OPEN.store(open, Relaxed);
}

/// Waits until the gate opens. The harness polls waiting flows again, so the gate stores no wakers
/// and wakes nothing.
pub async fn gate() {
    poll_fn(|_| {
        if OPEN.load(Relaxed) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// The topic of a waiting flow. The flow has three nodes: `draft` reads the topic and writes a
/// text, `review` reads the text and waits at the [`gate`], and `publish` reads the text and writes
/// its length, which the flow returns. The topic and the text are strings of 20 characters each.
pub fn topic() -> String {
    "why the sea is salty".to_owned()
}
