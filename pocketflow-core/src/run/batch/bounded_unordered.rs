//! The items of a batch that are in flight.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::sync::{AtomicBool, Mutex, MutexGuard, Ordering};

/// A bounded number of futures, which finish in any order. Each has a slot, and only those that
/// were woken are polled. Slots are reused, so a batch allocates as many as there are items in
/// flight at a time, and not one for each item.
pub(crate) struct BoundedUnordered<F> {
    slots: Vec<Option<Slot<F>>>,
    free: Vec<usize>,
    in_flight: usize,
    /// Whether every item has been pushed. From then on, a slot is dropped when its future is
    /// done.
    complete: bool,
    queue: Arc<ReadyQueue>,
}

struct Slot<F> {
    /// The index of the item.
    index: usize,
    future: Pin<Box<Option<F>>>,
    slot_waker: Arc<SlotWaker>,
    waker: Waker,
}

/// The waker of a slot: it puts the slot into the queue.
struct SlotWaker {
    slot: usize,
    queued: AtomicBool,
    queue: Arc<ReadyQueue>,
}

/// The slots that were woken and must be polled.
struct ReadyQueue {
    ready: Mutex<Ready>,
    /// Whether a slot may be in the queue. It changes under the lock, and is read without it.
    any: AtomicBool,
}

struct Ready {
    /// The slots, in the order in which they were woken.
    slots: VecDeque<usize>,
    /// The task of the batch, while it waits for a slot.
    task: Option<Waker>,
}

impl ReadyQueue {
    fn lock(&self) -> MutexGuard<'_, Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for SlotWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.queued.swap(true, Ordering::AcqRel) {
            return;
        }
        let task = {
            let mut ready = self.queue.lock();
            ready.slots.push_back(self.slot);
            self.queue.any.store(true, Ordering::Relaxed);
            ready.task.take()
        };
        if let Some(task) = task {
            task.wake();
        }
    }
}

impl<F: Future> BoundedUnordered<F> {
    /// Makes room for `size` futures at a time. Growing later, with many slots in use, would keep
    /// other tasks waiting.
    pub(crate) fn new(size: usize) -> Self {
        let ready = Ready {
            slots: VecDeque::with_capacity(size),
            task: None,
        };
        Self {
            slots: Vec::with_capacity(size),
            free: Vec::with_capacity(size),
            in_flight: 0,
            complete: false,
            queue: Arc::new(ReadyQueue {
                ready: Mutex::new(ready),
                any: AtomicBool::new(false),
            }),
        }
    }

    /// How many futures are in flight.
    pub(crate) fn len(&self) -> usize {
        self.in_flight
    }

    /// Declares that no more items will be pushed. Slots are then dropped one by one, because
    /// dropping all of them at the end would keep other tasks waiting.
    pub(crate) fn complete(&mut self) {
        self.complete = true;
    }

    /// Puts an item into a slot, and returns the slot.
    pub(crate) fn push(&mut self, index: usize, future: F) -> usize {
        self.in_flight += 1;
        if let Some(free) = self.free.pop() {
            if let Some(slot) = &mut self.slots[free] {
                slot.index = index;
                slot.future.as_mut().set(Some(future));
                return free;
            }
        }
        let slot = self.slots.len();
        let slot_waker = Arc::new(SlotWaker {
            slot,
            queued: AtomicBool::new(false),
            queue: Arc::clone(&self.queue),
        });
        let waker = Waker::from(Arc::clone(&slot_waker));
        self.slots.push(Some(Slot {
            index,
            future: Box::pin(Some(future)),
            slot_waker,
            waker,
        }));
        slot
    }

    /// The slot that was woken first. An empty queue takes no lock, because a batch asks before
    /// each new item. If it misses a wake, it sees it the next time.
    #[inline]
    pub(crate) fn pop_ready(&mut self) -> Option<usize> {
        if self.queue.any.load(Ordering::Relaxed) {
            self.pop_first()
        } else {
            None
        }
    }

    fn pop_first(&mut self) -> Option<usize> {
        let mut ready = self.queue.lock();
        let slot = ready.slots.pop_front();
        if ready.slots.is_empty() {
            self.queue.any.store(false, Ordering::Relaxed);
        }
        slot
    }

    /// The slot that was woken first. If there is none, the next wake wakes `task`.
    pub(crate) fn pop_ready_or_wake(&mut self, task: &Waker) -> Option<usize> {
        {
            let mut ready = self.queue.lock();
            let slot = ready.slots.pop_front();
            let known = ready
                .task
                .as_ref()
                .is_some_and(|known| known.will_wake(task));
            if slot.is_some() || known {
                return slot;
            }
        }
        // Cloning or dropping a waker can run any code, even code that wakes an item, so it must
        // not happen under the lock.
        let mut task = Some(task.clone());
        let mut ready = self.queue.lock();
        let slot = ready.slots.pop_front();
        if slot.is_none() {
            std::mem::swap(&mut ready.task, &mut task);
        }
        drop(ready);
        drop(task);
        slot
    }

    /// Polls the future in a slot, and returns its output and its index when it is done. A wake can
    /// come after the end: then the slot is empty, or has another future.
    pub(crate) fn poll(&mut self, slot: usize) -> Poll<(usize, F::Output)> {
        let Some(Slot {
            index,
            future,
            slot_waker,
            waker,
        }) = &mut self.slots[slot]
        else {
            return Poll::Pending;
        };
        // A swap, as in `wake`: the second of the two sees what the first did before. With a plain
        // store, a wake just before the poll could be lost: not queued, and the poll would not see
        // what the wake was for.
        slot_waker.queued.swap(false, Ordering::AcqRel);
        let Some(running) = future.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        let Poll::Ready(done) = running.poll(&mut Context::from_waker(waker)) else {
            return Poll::Pending;
        };
        let index = *index;
        self.in_flight -= 1;
        if self.complete {
            self.slots[slot] = None;
        } else {
            future.as_mut().set(None);
            self.free.push(slot);
        }
        Poll::Ready((index, done))
    }
}

// The path is explicit for `tests/loom`, which includes this file from another folder.
#[cfg(test)]
#[path = "bounded_unordered/tests.rs"]
mod tests;
