//! Drives a contender, for every kind of measurement.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::{Builder, Runtime};
use tokio::task::{unconstrained, yield_now};

use crate::contender::{Batch, BoxFuture, Steps, set_gate, topic};

/// The runtime of all contenders.
pub fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without I/O needs nothing")
}

/// Runs a future as a task, because the users of a flow do that, and a task has a different waker
/// than `block_on`.
pub fn task(runtime: &Runtime, future: BoxFuture) -> u64 {
    runtime
        .block_on(runtime.spawn(future))
        .expect("a contender panics")
}

/// Runs this many steps, and checks the count.
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

/// Runs a batch, and checks its result.
pub fn batch(runtime: &Runtime, name: &str, run: fn(Batch) -> BoxFuture, batch: Batch) {
    let sum = task(runtime, run(batch));
    assert_eq!(
        sum,
        batch.factor * (batch.items * (batch.items - 1) / 2),
        "{name} has lost items of a batch"
    );
}

/// Many flows at once, in a separate runtime.
pub struct Flows {
    runtime: Runtime,
    /// Created before any measurement, like the capacity of `flows`.
    wakers: Vec<(Arc<Flag>, Waker)>,
    flows: Vec<Option<BoxFuture>>,
}

/// Whether any flow was woken.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

/// The maximum number of times that woken flows are polled, in case some always are.
const PASSES: usize = 1_000;

/// The number of turns of each ready task before the flows are checked again.
const TURNS: usize = 64;

impl Flows {
    /// Reserves space for this many flows.
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

    /// Creates the flows, and runs all of them until they wait. Fails if one does not wait.
    pub fn start(&mut self, flow: fn() -> BoxFuture) -> Result<(), String> {
        let Self {
            runtime,
            wakers,
            flows,
        } = self;
        // Without the cooperative budget of a task, which all flows would have to share.
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

    /// Opens the gate, and checks that all flows end correctly.
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

/// Polls the woken flows until none is left. Returns how many have ended.
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

/// Gives turns to the tasks that flows have spawned. It runs as a task, because those tasks precede
/// it in the queue.
async fn settle() {
    let turns = async {
        for _ in 0..TURNS {
            yield_now().await;
        }
    };
    tokio::spawn(turns).await.expect("it only yields");
}
