//! A step allocates nothing if its node allocates nothing.

use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::mem;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use pocketflow::{Action, Shared, flow, node};

#[derive(Shared, Default)]
struct Count {
    left: u64,
    last: Option<u64>,
}

#[derive(Action)]
#[action(Count)]
enum Next {
    Again { left: u64 },
    Done,
}

#[node(Count, attempts = 3, wait = "1s")]
async fn step(left: &u64) -> Result<Next, std::io::Error> {
    // This is pending once. Tokio's `yield_now` would allocate its list of tasks.
    let mut yielded = false;
    poll_fn(|_| {
        if mem::replace(&mut yielded, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    Ok(if *left == 0 {
        Next::Done
    } else {
        Next::Again { left: left - 1 }
    })
}

#[node(Count, writes = last)]
fn keep(left: &u64) -> u64 {
    *left
}

flow! { Inner { keep; } }

flow! {
    Outer {
        step - "again" >> Inner >> step;
        step - "done" >> end;
    }
}

#[test]
fn no_step_allocates() {
    assert!(
        measure(|| drop(black_box(Box::new(1)))).count_total > 0,
        "the counter counts"
    );

    let mut count = Count {
        left: 10_000,
        ..Default::default()
    };
    let mut polls = 0;
    let counted = measure(|| {
        let mut run = pin!(Outer.run(&mut count));
        let mut context = Context::from_waker(Waker::noop());
        while run.as_mut().poll(&mut context).is_pending() {
            polls += 1;
        }
    });
    assert_eq!((polls, counted.count_total), (10_001, 0));
}
