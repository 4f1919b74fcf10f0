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
    let mut crew = Crew::of(1);
    for index in 0..10 {
        let seat = crew.seat(index, std::future::ready(index));
        assert_eq!((seat, crew.len()), (0, 1));
        assert_eq!(crew.poll(seat), Poll::Ready((index, index)));
        assert_eq!(crew.len(), 0);
    }
}

#[test]
fn no_seat_is_kept_once_all_items_are_seated() {
    let mut crew = Crew::of(2);
    let [first, second] = [0, 1].map(|index| crew.seat(index, std::future::ready(())));
    assert!(crew.poll(first).is_ready());
    assert!(crew.seats[first].is_some(), "another may come");
    crew.complete();
    assert!(crew.poll(second).is_ready());
    assert!(crew.seats[second].is_none());
    // A late call finds it empty.
    assert_eq!(crew.poll(second), Poll::Pending);
}

#[test]
fn the_task_is_woken_once_for_all_that_are_woken_while_it_waits() {
    let woken = Arc::new(Woken::default());
    let task = Waker::from(Arc::clone(&woken));
    let mut crew = Crew::of(1);
    let seats = [0, 1, 2].map(|index| crew.seat(index, pending::<()>()));
    let wakers = seats.map(|seat| crew.seats[seat].as_ref().unwrap().waker.clone());
    wakers[1].wake_by_ref();
    assert_eq!(
        crew.called_or_wake(&task),
        Some(seats[1]),
        "the task is not waiting, so nobody wakes it"
    );
    assert_eq!(crew.poll(seats[1]), Poll::Pending);
    assert_eq!(crew.called_or_wake(&task), None);
    assert_eq!(*woken.0.lock().unwrap(), 0);
    for waker in [&wakers[2], &wakers[0], &wakers[2]] {
        waker.wake_by_ref();
    }
    assert_eq!(*woken.0.lock().unwrap(), 1);
    assert_eq!(
        [(); 3].map(|()| crew.called_or_wake(&task)),
        [Some(seats[2]), Some(seats[0]), None]
    );
}

#[test]
fn a_late_call_of_an_item_that_is_done_does_nothing() {
    let mut crew = Crew::of(1);
    let seat = crew.seat(0, std::future::ready(()));
    let late = crew.seats[seat].as_ref().unwrap().waker.clone();
    assert!(crew.poll(seat).is_ready());
    late.wake();
    assert_eq!(crew.called(), Some(seat));
    assert_eq!(crew.poll(seat), Poll::Pending);
    assert_eq!(crew.called(), None);
}

#[test]
fn a_call_during_the_poll_is_answered_by_another() {
    let mut crew = Crew::of(1);
    let mut polls = 0;
    let seat = crew.seat(
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
    assert_eq!(crew.poll(seat), Poll::Pending);
    assert_eq!(crew.called(), Some(seat));
    assert_eq!(crew.poll(seat), Poll::Pending);
    assert_eq!(crew.called(), Some(seat));
    assert_eq!(crew.poll(seat), Poll::Ready((0, ())));
}

#[test]
fn the_task_that_asked_last_is_woken() {
    let tasks = [(); 2].map(|()| Arc::new(Woken::default()));
    let [first, second] = tasks.each_ref().map(|task| Waker::from(Arc::clone(task)));
    let mut crew = Crew::of(1);
    let seat = crew.seat(0, pending::<()>());
    for task in [&first, &second, &second] {
        assert_eq!(crew.called_or_wake(task), None);
    }
    crew.seats[seat].as_ref().unwrap().waker.wake_by_ref();
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
    let mut crew = Crew::of(1);
    let seat = crew.seat(0, pending::<()>());
    let waker = crew.seats[seat].as_ref().unwrap().waker.clone();
    let before = Waker::from(Arc::new(WakesWhenDropped(Mutex::new(Some(waker)))));
    assert_eq!(crew.called_or_wake(&before), None);
    drop(before);
    // The batch moves to another task, the waker of the first is dropped, and calls the seat.
    assert_eq!(crew.called_or_wake(Waker::noop()), None);
    assert_eq!(crew.called(), Some(seat));
}
