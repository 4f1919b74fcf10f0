use std::future::{pending, poll_fn};

use super::*;

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(Mutex<usize>);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        *self.0.lock().unwrap() += 1;
    }
}

#[test]
fn a_seat_is_used_again() {
    let mut pool = BoundedUnordered::new(1);
    for index in 0..10 {
        let slot = pool.push(index, std::future::ready(index));
        assert_eq!((slot, pool.len()), (0, 1));
        assert_eq!(pool.poll(slot), Poll::Ready((index, index)));
        assert_eq!(pool.len(), 0);
    }
}

#[test]
fn no_seat_is_kept_once_all_items_are_seated() {
    let mut pool = BoundedUnordered::new(2);
    let [first, second] = [0, 1].map(|index| pool.push(index, std::future::ready(())));
    assert!(pool.poll(first).is_ready());
    assert!(pool.slots[first].is_some(), "another may come");
    pool.complete();
    assert!(pool.poll(second).is_ready());
    assert!(pool.slots[second].is_none());
    // A late wake finds it empty.
    assert_eq!(pool.poll(second), Poll::Pending);
}

#[test]
fn the_task_is_woken_once_for_all_that_are_woken_while_it_waits() {
    let woken = Arc::new(Woken::default());
    let task = Waker::from(Arc::clone(&woken));
    let mut pool = BoundedUnordered::new(1);
    let slots = [0, 1, 2].map(|index| pool.push(index, pending::<()>()));
    let wakers = slots.map(|slot| pool.slots[slot].as_ref().unwrap().waker.clone());
    wakers[1].wake_by_ref();
    assert_eq!(
        pool.pop_ready_or_wake(&task),
        Some(slots[1]),
        "the task is not waiting, so nothing wakes it"
    );
    assert_eq!(pool.poll(slots[1]), Poll::Pending);
    assert_eq!(pool.pop_ready_or_wake(&task), None);
    assert_eq!(*woken.0.lock().unwrap(), 0);
    for waker in [&wakers[2], &wakers[0], &wakers[2]] {
        waker.wake_by_ref();
    }
    assert_eq!(*woken.0.lock().unwrap(), 1);
    assert_eq!(
        [(); 3].map(|()| pool.pop_ready_or_wake(&task)),
        [Some(slots[2]), Some(slots[0]), None]
    );
}

#[test]
fn a_late_wake_of_an_item_that_is_done_does_nothing() {
    let mut pool = BoundedUnordered::new(1);
    let slot = pool.push(0, std::future::ready(()));
    let late = pool.slots[slot].as_ref().unwrap().waker.clone();
    assert!(pool.poll(slot).is_ready());
    late.wake();
    assert_eq!(pool.pop_ready(), Some(slot));
    assert_eq!(pool.poll(slot), Poll::Pending);
    assert_eq!(pool.pop_ready(), None);
}

#[test]
fn a_wake_during_the_poll_leads_to_another() {
    let mut pool = BoundedUnordered::new(1);
    let mut polls = 0;
    let slot = pool.push(
        0,
        poll_fn(|context| {
            polls += 1;
            context.waker().wake_by_ref();
            if polls == 3 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }),
    );
    assert_eq!(pool.poll(slot), Poll::Pending);
    assert_eq!(pool.pop_ready(), Some(slot));
    assert_eq!(pool.poll(slot), Poll::Pending);
    assert_eq!(pool.pop_ready(), Some(slot));
    assert_eq!(pool.poll(slot), Poll::Ready((0, ())));
}

#[test]
fn the_task_that_asked_last_is_woken() {
    let tasks = [(); 2].map(|()| Arc::new(Woken::default()));
    let [first, second] = tasks.each_ref().map(|task| Waker::from(Arc::clone(task)));
    let mut pool = BoundedUnordered::new(1);
    let slot = pool.push(0, pending::<()>());
    for task in [&first, &second, &second] {
        assert_eq!(pool.pop_ready_or_wake(task), None);
    }
    pool.slots[slot].as_ref().unwrap().waker.wake_by_ref();
    assert_eq!(tasks.each_ref().map(|task| *task.0.lock().unwrap()), [0, 1]);
}

/// A waker of a task whose end wakes an item: a task may hold anything.
struct WakesWhenDropped(Mutex<Option<Waker>>);

impl Wake for WakesWhenDropped {
    fn wake(self: Arc<Self>) {}
}

impl Drop for WakesWhenDropped {
    fn drop(&mut self) {
        if let Some(waker) = self.0.lock().unwrap().take() {
            waker.wake();
        }
    }
}

#[test]
fn the_waker_of_the_task_before_is_dropped_outside_the_lock() {
    let mut pool = BoundedUnordered::new(1);
    let slot = pool.push(0, pending::<()>());
    let waker = pool.slots[slot].as_ref().unwrap().waker.clone();
    let before = Waker::from(Arc::new(WakesWhenDropped(Mutex::new(Some(waker)))));
    assert_eq!(pool.pop_ready_or_wake(&before), None);
    drop(before);
    // The batch moves to another task, the waker of the first is dropped, and wakes the slot.
    assert_eq!(pool.pop_ready_or_wake(Waker::noop()), None);
    assert_eq!(pool.pop_ready(), Some(slot));
}
