//! How a contender is driven, whatever is then measured of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::{Builder, Runtime};
use tokio::task::{unconstrained, yield_now};

use crate::contender::{Batch, BoxFuture, Steps, set_gate, topic};

/// The runtime of all.
pub fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without I/O needs nothing")
}

/// Runs a future as a task: that is what the users of a flow run, and a task's waker is not that of
/// `block_on`.
fn task(runtime: &Runtime, future: BoxFuture) -> u64 {
    runtime
        .block_on(runtime.spawn(future))
        .expect("a contender panics")
}

/// Runs so many steps, and checks that there were so many.
pub fn steps(runtime: &Runtime, name: &str, run: Steps, steps: u64) {
    let count = match run {
        Steps::Sync(run) => run(steps),
        Steps::Async(run) => task(runtime, run(steps)),
    };
    assert_eq!(
        count, steps,
        "{name} has not taken the steps it was asked for"
    );
}

/// Runs a batch, and checks what comes out.
pub fn batch(runtime: &Runtime, name: &str, run: fn(Batch) -> BoxFuture, batch: Batch) {
    let sum = task(runtime, run(batch));
    assert_eq!(
        sum,
        batch.factor * (batch.items * (batch.items - 1) / 2),
        "{name} has lost items of a batch"
    );
}

/// Many flows at once, in a runtime of their own.
pub struct Flows {
    runtime: Runtime,
    /// Made before anything is measured, like the room for `flows`.
    wakers: Vec<(Arc<Flag>, Waker)>,
    flows: Vec<Option<BoxFuture>>,
}

/// Whether a flow was woken.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

/// How often the woken flows are polled at most, should there always be some.
const PASSES: usize = 1_000;

/// How often every task that is ready gets its turn before the flows are looked at again.
const TURNS: usize = 64;

impl Flows {
    /// Room for so many.
    pub fn room_for(flows: usize) -> Self {
        set_gate(false);
        let waker = || {
            let flag = Arc::new(Flag(AtomicBool::new(false)));
            (flag.clone(), Waker::from(flag))
        };
        let wakers = (0..flows).map(|_| waker()).collect();
        Self {
            runtime: runtime(),
            wakers,
            flows: Vec::with_capacity(flows),
        }
    }

    /// Makes them, and runs all until they wait. Fails if one does not wait.
    pub fn start(&mut self, flow: fn() -> BoxFuture) -> Result<(), String> {
        let Self {
            runtime,
            wakers,
            flows,
        } = self;
        // Without the budget of a task: all of them would have to share it.
        runtime.block_on(unconstrained(async {
            for (_, waker) in &*wakers {
                let mut future = flow();
                if future
                    .as_mut()
                    .poll(&mut Context::from_waker(waker))
                    .is_ready()
                {
                    return Err("it does not wait".to_owned());
                }
                flows.push(Some(future));
            }
            match pass(wakers, flows).await {
                0 => Ok(()),
                ended => Err(format!("{ended} flows did not wait")),
            }
        }))
    }

    /// The size of a future, without what it points to.
    pub fn size(&self) -> usize {
        self.flows
            .first()
            .and_then(Option::as_ref)
            .map_or(0, |flow| size_of_val(&**flow))
    }

    /// Opens the gate, and checks that all end well.
    pub fn end(&mut self) -> Result<(), String> {
        set_gate(true);
        let Self {
            runtime,
            wakers,
            flows,
        } = self;
        for (flag, _) in &*wakers {
            flag.0.store(true, Relaxed);
        }
        let ended = runtime.block_on(unconstrained(pass(wakers, flows)));
        set_gate(false);
        if ended == flows.len() {
            return Ok(());
        }
        Err(format!(
            "of {} flows only {ended} went on when the gate opened",
            flows.len()
        ))
    }
}

/// Polls those that are woken, until no more are. Returns how many have ended.
async fn pass(wakers: &[(Arc<Flag>, Waker)], flows: &mut [Option<BoxFuture>]) -> usize {
    let mut ended = 0;
    for _ in 0..PASSES {
        settle().await;
        let mut woken = false;
        for ((flag, waker), slot) in wakers.iter().zip(&mut *flows) {
            let Some(flow) = slot.as_mut().filter(|_| flag.0.swap(false, Relaxed)) else {
                continue;
            };
            woken = true;
            if let Poll::Ready(length) = flow.as_mut().poll(&mut Context::from_waker(waker)) {
                assert_eq!(
                    length,
                    topic().len() as u64,
                    "a waiting flow returns something else"
                );
                *slot = None;
                ended += 1;
            }
        }
        if !woken {
            break;
        }
    }
    ended
}

/// Gives the tasks that flows have spawned their turns. As a task, because the others come before
/// it in the queue.
async fn settle() {
    let turns = async {
        for _ in 0..TURNS {
            yield_now().await;
        }
    };
    tokio::spawn(turns).await.expect("it only yields");
}
