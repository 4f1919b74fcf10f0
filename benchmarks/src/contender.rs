//! What a contender is asked to do.

use std::future::poll_fn;
use std::hint::black_box;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

/// A future that a contender hands over.
pub type BoxFuture = Pin<Box<dyn Future<Output = u64> + Send>>;

/// A library, or a way to write it by hand.
pub struct Contender {
    /// As the table has it.
    pub name: &'static str,
    /// Its package, whose version is read from `Cargo.lock`.
    pub package: Option<&'static str>,
    /// Whether it is a state machine: its user drives it, with an event a step.
    pub machine: bool,
    /// The cost of a step, by shape. What is missing here is told in `missing`.
    pub steps: &'static [(Shape, Steps)],
    /// A batch.
    pub batch: Option<fn(Batch) -> BoxFuture>,
    /// A flow that waits at [`gate`].
    pub waiting: Option<fn() -> BoxFuture>,
    /// What it does not do, and why: `("branch", "its edges take no …")`.
    pub missing: &'static [(&'static str, &'static str)],
    /// What a reader of its figures has to know: `("batch", "all items are …")`. The case is a
    /// shape's name, `steps` for all shapes, `batch`, `waiting` or `compile`.
    pub notes: &'static [(&'static str, &'static str)],
}

impl Contender {
    /// One that does nothing yet.
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

/// Runs a flow for (at least) so many steps, and returns the final count.
#[derive(Clone, Copy)]
pub enum Steps {
    /// Without a runtime.
    Sync(fn(u64) -> u64),
    /// As a task of a current-thread runtime.
    Async(fn(u64) -> BoxFuture),
}

/// What a flow looks like. All nodes count: they read the count, pass it through [`work`] (in the
/// last, [`look`]), and write it back; so the final count is the number of steps, and the harness
/// checks that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One node that goes on to itself until `left` is 0. One run.
    Loop,
    /// Three nodes, one after the other, each once. A run for every three steps, the store or
    /// context made anew with each.
    Chain,
    /// A node that chooses one of six others by `count % 12 / 2`, with the count it read; all six
    /// go back to it, and out when the steps are done. The choice and the chosen are one step
    /// each. One run.
    Branch,
    /// A loop around a flow of two nodes: `outer` goes on to the flow `inner` (`first >> second`),
    /// which goes back. Three steps a round. One run.
    Nested,
    /// A self-loop that reads a text of 1,000 characters and a list of 100 numbers, both of which
    /// stay in the store, and writes a field that is empty before the first visit: the number
    /// of the visit. One run.
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

    /// How many steps one round of it takes; numbers of steps are multiples of it.
    pub fn round(self) -> u64 {
        match self {
            Self::Loop | Self::Store => 1,
            Self::Branch => 2,
            Self::Chain | Self::Nested => 3,
        }
    }
}

/// A batch: `factor` times each of the numbers from 0 on, at most `width` at a time; the result is
/// their sum.
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
    /// Yields once, and wakes itself at once.
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

/// The work of a step: one more, which the compiler cannot see through.
#[inline(always)]
pub fn work(count: u64) -> u64 {
    black_box(count) + 1
}

/// The work of a step of [`Shape::Store`]: it looks at what it was lent and copies none of it.
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

/// Yields to the executor once, by waking itself at once.
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

/// Waits until the gate opens. Whoever waits is polled again by the harness, so it keeps nothing
/// and wakes nobody.
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

/// What a waiting flow begins with. It has three nodes: `draft` reads the topic and writes a text
/// of its own, `review` reads that and waits at the [`gate`], and `publish` reads the text and
/// writes its length, which is what the flow returns. Topic and text are strings of 20 characters
/// each.
pub fn topic() -> String {
    "why the sea is salty".to_owned()
}
