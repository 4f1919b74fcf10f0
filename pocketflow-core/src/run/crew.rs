//! The items of a batch that are under way.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::sync::{AtomicBool, Mutex, MutexGuard, Ordering};

/// Futures that are polled when they are woken, each in a seat. A seat is used again for the next,
/// so that a batch allocates for as many items as are under way at a time, and not for each of
/// them.
pub(super) struct Crew<F> {
    seats: Vec<Option<Seat<F>>>,
    free: Vec<usize>,
    under_way: usize,
    /// Whether all the items are seated: from then on, a seat that becomes free is cleared away.
    complete: bool,
    calls: Arc<Calls>,
}

struct Seat<F> {
    /// Which item it is.
    index: usize,
    work: Pin<Box<Option<F>>>,
    bell: Arc<Bell>,
    waker: Waker,
}

/// What wakes a seat.
struct Bell {
    seat: usize,
    rung: AtomicBool,
    calls: Arc<Calls>,
}

struct Calls {
    waiting: Mutex<Waiting>,
    /// Whether a seat may be waiting: set and cleared under the lock, and looked at without it.
    any: AtomicBool,
}

struct Waiting {
    /// The seats that were woken, in that order.
    seats: VecDeque<usize>,
    /// The task of the batch, while it waits for one of them.
    task: Option<Waker>,
}

impl Calls {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.rung.swap(true, Ordering::AcqRel) {
            return;
        }
        let task = {
            let mut waiting = self.calls.lock();
            waiting.seats.push_back(self.seat);
            self.calls.any.store(true, Ordering::Relaxed);
            waiting.task.take()
        };
        if let Some(task) = task {
            task.wake();
        }
    }
}

impl<F: Future> Crew<F> {
    /// With room for so many at a time: to grow when it is full of seats would keep other tasks
    /// waiting.
    pub(super) fn of(size: usize) -> Self {
        let waiting = Waiting {
            seats: VecDeque::with_capacity(size),
            task: None,
        };
        Self {
            seats: Vec::with_capacity(size),
            free: Vec::with_capacity(size),
            under_way: 0,
            complete: false,
            calls: Arc::new(Calls {
                waiting: Mutex::new(waiting),
                any: AtomicBool::new(false),
            }),
        }
    }

    /// How many are under way.
    pub(super) fn len(&self) -> usize {
        self.under_way
    }

    /// Says that no more items come. To clear all seats away at the end, at once, would keep other
    /// tasks waiting.
    pub(super) fn complete(&mut self) {
        self.complete = true;
    }

    /// Seats an item; returns its seat.
    pub(super) fn seat(&mut self, index: usize, work: F) -> usize {
        self.under_way += 1;
        if let Some(free) = self.free.pop()
            && let Some(seat) = &mut self.seats[free]
        {
            seat.index = index;
            seat.work.as_mut().set(Some(work));
            return free;
        }
        let seat = self.seats.len();
        let bell = Arc::new(Bell {
            seat,
            rung: AtomicBool::new(false),
            calls: Arc::clone(&self.calls),
        });
        let waker = Waker::from(Arc::clone(&bell));
        self.seats.push(Some(Seat {
            index,
            work: Box::pin(Some(work)),
            bell,
            waker,
        }));
        seat
    }

    /// The seat that was woken first. Without the lock where there is none, since a batch asks for
    /// each new item; a call that it does not see yet, it sees the next time.
    #[inline]
    pub(super) fn called(&mut self) -> Option<usize> {
        if self.calls.any.load(Ordering::Relaxed) {
            self.first_called()
        } else {
            None
        }
    }

    fn first_called(&mut self) -> Option<usize> {
        let mut waiting = self.calls.lock();
        let seat = waiting.seats.pop_front();
        if waiting.seats.is_empty() {
            self.calls.any.store(false, Ordering::Relaxed);
        }
        seat
    }

    /// The seat that was woken first. If there is none, `task` is woken by the next.
    pub(super) fn called_or_wake(&mut self, task: &Waker) -> Option<usize> {
        {
            let mut waiting = self.calls.lock();
            let seat = waiting.seats.pop_front();
            let known = waiting
                .task
                .as_ref()
                .is_some_and(|known| known.will_wake(task));
            if seat.is_some() || known {
                return seat;
            }
        }
        // To clone or drop a waker may run any code, even such as wakes an item: not under the
        // lock.
        let mut task = Some(task.clone());
        let mut waiting = self.calls.lock();
        let seat = waiting.seats.pop_front();
        if seat.is_none() {
            std::mem::swap(&mut waiting.task, &mut task);
        }
        drop(waiting);
        drop(task);
        seat
    }

    /// Polls the item of a seat; returns it with its index when it is done. It may have been woken
    /// after its end: then its seat is empty, or the item is another.
    pub(super) fn poll(&mut self, seat: usize) -> Poll<(usize, F::Output)> {
        let Some(Seat {
            index,
            work,
            bell,
            waker,
        }) = &mut self.seats[seat]
        else {
            return Poll::Pending;
        };
        // A swap, as in `wake`: whichever of the two comes second sees what the other did before.
        // After a plain store, a call that came just before the poll could be lost: not
        // queued, and what it called for not yet seen.
        bell.rung.swap(false, Ordering::AcqRel);
        let Some(working) = work.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        let Poll::Ready(done) = working.poll(&mut Context::from_waker(waker)) else {
            return Poll::Pending;
        };
        let index = *index;
        self.under_way -= 1;
        if self.complete {
            self.seats[seat] = None;
        } else {
            work.as_mut().set(None);
            self.free.push(seat);
        }
        Poll::Ready((index, done))
    }
}

// The path is written out for `tests/loom`, which has this file under another.
#[cfg(test)]
#[path = "crew/tests.rs"]
mod tests;
