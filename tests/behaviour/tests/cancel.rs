//! A run that is dropped at any await leaves the store as the last finished `post` left it.

use std::future::{Future, poll_fn};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use pocketflow::{
    Action, Attempt, Driver, EmptyField, Error, Run, Shared, Stage, StepInfo, Taken, flow, node,
};

#[derive(Shared, Default, Debug, Clone, PartialEq)]
struct Work {
    rounds: u64,
    items: Option<Vec<u64>>,
    results: Option<Vec<u64>>,
    sum: Option<u64>,
    least: Option<u64>,
    log: Vec<String>,
}

/// Pending once, like anything that waits.
async fn wait() {
    let mut waited = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if mem::replace(&mut waited, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[node(Work, writes = items)]
async fn collect(rounds: &u64) -> Vec<u64> {
    wait().await;
    (1..=4 + rounds).collect()
}

/// The third item fails once, and every item waits twice.
#[node(Work, writes = results, parallel = 3, attempts = 2)]
async fn double(#[each(items)] item: &u64, #[attempt] attempt: Attempt<'_>) -> Result<u64, String> {
    wait().await;
    wait().await;
    if *item == 3 && attempt.number() == 1 {
        Err("three".into())
    } else {
        Ok(item * 2)
    }
}

#[node(Work, writes = sum)]
async fn add_up(results: &[u64]) -> u64 {
    wait().await;
    results.iter().sum()
}

#[node(Work, writes = least)]
async fn find_least(results: &[u64]) -> u64 {
    wait().await;
    wait().await;
    results.iter().min().copied().unwrap_or_default()
}

#[derive(Action)]
#[action(Work)]
enum Next {
    Again { rounds: u64 },
    Done,
}

#[node(Work)]
async fn decide(rounds: &u64, sum: &u64, least: &u64) -> Next {
    wait().await;
    if *rounds < 2 && sum > least {
        Next::Again { rounds: rounds + 1 }
    } else {
        Next::Done
    }
}

#[node(Work, appends = log)]
fn note(rounds: &u64, sum: &u64) -> [String; 1] {
    [format!("{rounds}: {sum}")]
}

flow! { Round { collect >> double >> (add_up, find_least) >> note; } }

flow! {
    Whole {
        Round >> decide;
        decide - "again" >> Round;
        decide - "done" >> end;
    }
}

/// Records the store after every step.
#[derive(Default)]
struct Keep(Mutex<Vec<Work>>);

impl Driver<Work> for Keep {
    async fn step<R: Run<Work>>(
        &self,
        _: &StepInfo<'_>,
        shared: &mut Work,
        run: R,
    ) -> Result<Taken, Error> {
        let action = run.run(shared).await?;
        self.0.lock().unwrap().push(shared.clone());
        Ok(action)
    }
}

/// Polls a run a number of times and drops it. Returns whether the run finished.
fn polled(polls: usize, shared: &mut Work, keep: &Keep) -> bool {
    let run = Whole.with(keep);
    let mut run = pin!(run.run(shared));
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).any(|_| run.as_mut().poll(&mut context).is_ready())
}

#[test]
fn a_run_dropped_at_any_await_leaves_the_store_as_the_last_finished_post_left_it() {
    let mut seen = 0;
    for polls in 0.. {
        let (mut shared, keep) = (Work::default(), Keep::default());
        let ended = polled(polls, &mut shared, &keep);
        let kept = keep.0.into_inner().unwrap();
        assert_eq!(
            shared,
            kept.last().cloned().unwrap_or_default(),
            "after {polls} polls"
        );
        seen = seen.max(kept.len());
        if ended {
            break;
        }
    }
    assert_eq!(seen, 3 * 5, "a fork is one step");
}

struct Forgets;

#[node(Work, writes(sum))]
impl Forgets {
    fn exec(&self) {}

    fn post(&self, rounds: &mut u64) {
        *rounds = 5;
    }
}

struct Panics;

#[node(Work)]
impl Panics {
    fn exec(&self) {}

    fn post(&self, rounds: &mut u64) {
        *rounds = 7;
        panic!("half-way");
    }
}

/// The two ways to a partly written store that the documentation describes.
#[tokio::test]
async fn a_post_that_forgets_a_field_or_panics_leaves_what_it_has_written() {
    let mut shared = Work::default();
    let error = flow! { Forgets; }
        .run(&mut shared)
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(error.stage(), Stage::Post);
    assert_eq!(
        error.cause().downcast_ref(),
        Some(&EmptyField {
            store: "Work",
            field: "sum"
        })
    );
    assert_eq!(
        shared,
        Work {
            rounds: 5,
            ..Work::default()
        }
    );

    let flow = flow! { Panics; };
    let run = AssertUnwindSafe(|| {
        let mut run = pin!(flow.run(&mut shared));
        run.as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_ready()
    });
    assert!(catch_unwind(run).is_err());
    assert_eq!(shared.rounds, 7);
}
