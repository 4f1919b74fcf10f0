//! Tests the pool of a batch in every possible order of the threads: `cargo run --release` in this
//! folder. It compiles the library's file with loom's locks and atomics.

// The library uses all of its items.
#[allow(dead_code)]
#[path = "../../../pocketflow-core/src/run/batch/bounded_unordered.rs"]
mod bounded_unordered;
mod sync;

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::Notify;
use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
use loom::thread;

use bounded_unordered::BoundedUnordered;

fn main() {
    check("a wake just before a poll", a_wake_just_before_a_poll);
    check("a wake while another is answered", wakes_of_two_items);
    check(
        "a batch that moves to another task",
        a_batch_that_moves_to_another_task,
    );
    check("a late wake of an item that is done", a_late_wake);
}

fn check(name: &str, model: fn()) {
    loom::model(model);
    println!("{name}: ok");
}

/// A task that sleeps until it is woken.
struct Task(Notify);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }
}

impl Task {
    fn new() -> (Arc<Self>, Waker) {
        let task = Arc::new(Self(Notify::new()));
        (Arc::clone(&task), Waker::from(task))
    }
}

/// An event in another thread. The flag is `Relaxed`, so only the wakes order it.
#[derive(Clone)]
struct Event(Arc<(AtomicBool, loom::sync::Mutex<Option<Waker>>)>);

impl Event {
    fn new() -> Self {
        Self(Arc::new((
            AtomicBool::new(false),
            loom::sync::Mutex::new(None),
        )))
    }

    /// Waits for the event. The waker is registered before the item is first polled, so a wake may
    /// come at any time.
    fn wait(&self) -> impl Future<Output = ()> + use<> {
        let event = self.clone();
        poll_fn(move |context| {
            if event.0.0.load(Relaxed) {
                return Poll::Ready(());
            }
            *event.0.1.lock().unwrap() = Some(context.waker().clone());
            // The event may have happened since.
            if event.0.0.load(Relaxed) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }

    fn happens(&self) {
        self.0.0.store(true, Relaxed);
        let waker = self.0.1.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Runs the pool until it is done, as the task does. loom reports it if the task sleeps forever.
fn run<F: Future<Output = ()>>(pool: &mut BoundedUnordered<F>, task: &Task, waker: &Waker) {
    while pool.len() > 0 {
        match pool.pop_ready_or_wake(waker) {
            Some(slot) => _ = pool.poll(slot),
            None => task.0.wait(),
        }
    }
}

/// The item checks two flags, each of which is set before a wake. Even if the two wakes are merged,
/// neither is lost.
fn a_wake_just_before_a_poll() {
    let (task, waker) = Task::new();
    let flag = Arc::new(AtomicBool::new(false));
    let known = Known::default();
    let item = poll_fn({
        let (flag, known) = (Arc::clone(&flag), Arc::clone(&known));
        move |context: &mut Context<'_>| {
            known
                .lock()
                .unwrap()
                .get_or_insert_with(|| context.waker().clone());
            if flag.load(Relaxed) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }
    });
    let mut pool = BoundedUnordered::new(1);
    let slot = pool.push(0, item);
    let _ = pool.poll(slot);
    // It has been popped as ready once, and has not been polled yet.
    let wake = known.lock().unwrap().take().unwrap();
    wake.wake_by_ref();
    let other = thread::spawn(move || {
        flag.store(true, Relaxed);
        wake.wake();
    });
    run(&mut pool, &task, &waker);
    other.join().unwrap();
}

fn wakes_of_two_items() {
    let (task, waker) = Task::new();
    let events = [Event::new(), Event::new()];
    let mut pool = BoundedUnordered::new(2);
    for (index, event) in events.iter().enumerate() {
        let slot = pool.push(index, event.wait());
        let _ = pool.poll(slot);
    }
    let others = events.map(|event| thread::spawn(move || event.happens()));
    run(&mut pool, &task, &waker);
    for other in others {
        other.join().unwrap();
    }
}

fn a_batch_that_moves_to_another_task() {
    let (_, before) = Task::new();
    let (task, waker) = Task::new();
    let event = Event::new();
    let mut pool = BoundedUnordered::new(1);
    let slot = pool.push(0, event.wait());
    let _ = pool.poll(slot);
    let other = thread::spawn(move || event.happens());
    let first = pool.pop_ready_or_wake(&before);
    if let Some(slot) = first {
        let _ = pool.poll(slot);
    }
    run(&mut pool, &task, &waker);
    other.join().unwrap();
}

/// The waker of an item, for the thread that wakes it. It does not order anything, because loom
/// does not see the locks of the standard library.
/// none of loom's.
type Known = Arc<std::sync::Mutex<Option<Waker>>>;

/// Ready immediately, or when the event has happened.
fn first_or(known: &Known, event: Option<Event>) -> impl Future<Output = ()> + use<> {
    let (known, wait) = (Arc::clone(known), event.map(|event| event.wait()));
    async move {
        poll_fn(|context| {
            known
                .lock()
                .unwrap()
                .get_or_insert_with(|| context.waker().clone());
            Poll::Ready(())
        })
        .await;
        if let Some(wait) = wait {
            wait.await;
        }
    }
}

/// An item that is popped as ready after its end, while its slot holds the next item.
fn a_late_wake() {
    let (task, waker) = Task::new();
    let event = Event::new();
    let mut pool = BoundedUnordered::new(1);
    let known = Known::default();
    let slot = pool.push(0, first_or(&known, None));
    assert!(pool.poll(slot).is_ready());
    let late = known.lock().unwrap().take().unwrap();
    let slot = pool.push(1, first_or(&known, Some(event.clone())));
    let _ = pool.poll(slot);
    let others = [
        thread::spawn(move || late.wake()),
        thread::spawn(move || event.happens()),
    ];
    run(&mut pool, &task, &waker);
    for other in others {
        other.join().unwrap();
    }
}
