//! Nested drivers around nested flows: the compiler handles them with its default limits, because
//! each flow and each step of a driven run is boxed. Most of the test is that this file compiles.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use pocketflow::seam::{Execs, Items};
use pocketflow::{
    Attempt, AttemptCall, Driver, Error, ExecCall, ExecDriver, Failure, ItemCall, ItemId,
    KeepDriver, Node, Run, Shared, StepInfo, StepLimit, Taken, Trace, flow, node,
};

#[derive(Shared, Default, Debug, PartialEq)]
struct Count {
    number: u64,
    items: Vec<u64>,
    doubled: Option<Vec<u64>>,
    even: Option<bool>,
    odd: Option<bool>,
}

#[node(Count, writes = number, attempts = 3, wait = "1s", timeout = "9s")]
async fn add(number: &u64) -> Result<u64, String> {
    tokio::task::yield_now().await;
    Ok(number + 1)
}

#[node(Count, writes = doubled, parallel = 2, attempts = 2)]
async fn double(#[each(items)] item: &u64) -> Result<u64, String> {
    tokio::task::yield_now().await;
    Ok(item * 2)
}

#[node(Count, writes = even)]
async fn even(number: &u64) -> bool {
    tokio::task::yield_now().await;
    number % 2 == 0
}

#[node(Count, writes = odd)]
async fn odd(number: &u64) -> bool {
    number % 2 != 0
}

/// Each flow contains the previous one, between two nodes.
macro_rules! tower {
    ($first:ident $(, $flow:ident in $inner:ident)*) => {
        flow! { $first { add >> double >> (even, odd); } }
        $(flow! { $flow { add >> $inner >> again; again: add; } })*
    };
}

tower!(
    F1, F2 in F1, F3 in F2, F4 in F3, F5 in F4, F6 in F5, F7 in F6, F8 in F7, F9 in F8, F10 in F9, F11 in F10, F12 in F11,
    F13 in F12, F14 in F13, F15 in F14
);

/// A driver that counts its calls at every seam, and wraps each in a future.
#[derive(Default, Debug)]
struct Seen {
    flows: AtomicU32,
    steps: AtomicU32,
    execs: AtomicU32,
    attempts: AtomicU32,
    items: AtomicU32,
}

impl Seen {
    fn all(&self) -> [u32; 5] {
        [
            &self.flows,
            &self.steps,
            &self.execs,
            &self.attempts,
            &self.items,
        ]
        .map(|count| count.load(Relaxed))
    }
}

impl<S: Shared> Driver<S, (Execs, Items)> for Seen {
    async fn flow<R: Run<S>>(
        &self,
        _flow: &'static pocketflow::Graph,
        _info: Option<&StepInfo<'_>>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let taken = run.run(shared).await?;
        self.flows.fetch_add(1, Relaxed);
        Ok(taken)
    }

    async fn step<R: Run<S>>(
        &self,
        _info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let taken = run.run(shared).await?;
        self.steps.fetch_add(1, Relaxed);
        Ok(taken)
    }
}

impl<S: Shared, Marker, N: Node<S, Marker>> ExecDriver<S, Marker, N, (Execs, Items)> for Seen {
    async fn exec<C>(
        &self,
        _info: &StepInfo<'_>,
        _item: Option<usize>,
        call: C,
    ) -> Result<N::Exec, Error>
    where
        C: ExecCall<S, Marker, N>,
    {
        let exec = call.call().await?;
        self.execs.fetch_add(1, Relaxed);
        Ok(exec)
    }

    async fn attempt<C>(
        &self,
        _info: &StepInfo<'_>,
        _attempt: Attempt<'_>,
        call: C,
    ) -> Result<N::Exec, Failure>
    where
        C: AttemptCall<S, Marker, N>,
    {
        let exec = call.call().await?;
        self.attempts.fetch_add(1, Relaxed);
        Ok(exec)
    }
}

impl<S: Shared, Marker, N: Node<S, Marker>> KeepDriver<S, Marker, N, (Execs, Items)> for Seen {
    async fn item<C>(
        &self,
        _info: &StepInfo<'_>,
        _item: ItemId<'_>,
        call: C,
    ) -> Result<N::Exec, Error>
    where
        C: ItemCall<S, Marker, N>,
    {
        let exec = call.call().await?;
        self.items.fetch_add(1, Relaxed);
        Ok(exec)
    }
}

fn count() -> Count {
    Count {
        items: vec![1, 2, 3],
        ..Count::default()
    }
}

#[tokio::test]
async fn five_drivers_over_ten_levels_are_spawned() {
    let seen = Arc::new(Seen::default());
    let inner = seen.clone();
    let run = tokio::spawn(async move {
        let mut count = count();
        let driven = F10
            .with(StepLimit::new(99))
            .with(Trace)
            .with(inner)
            .with(Trace)
            .with(StepLimit::new(99));
        driven.run(&mut count).await.map(|_| count)
    });
    let count = run.await.unwrap().unwrap();
    assert_eq!((count.number, count.doubled), (19, Some(vec![2, 4, 6])));
    // Ten flows and 21 nodes: F2 to F10 have two each, and F1 has three, with the batch and the fork.
    assert_eq!(seen.all(), [10, 21, 24, 24, 5]);
}

#[tokio::test]
async fn so_are_drivers_with_every_seam_and_those_that_borrow() {
    let run = tokio::spawn(async {
        let (mut count, seen) = (count(), Seen::default());
        let driven = F15
            .with(&seen)
            .with(&seen)
            .with(&seen)
            .with(&seen)
            .with(&seen)
            .with(&seen);
        driven.run(&mut count).await.map(|_| seen)
    });
    assert_eq!(
        run.await.unwrap().unwrap().all(),
        [15, 31, 34, 34, 5].map(|count| count * 6)
    );
}

#[tokio::test]
async fn a_stack_of_stacks_is_a_driver() {
    let seen = Seen::default();
    let half = pocketflow::Stack(&seen, pocketflow::Stack(StepLimit::new(99), &seen));
    let mut count = count();
    F2.with(&half)
        .with(Box::new(&half))
        .run(&mut count)
        .await
        .unwrap();
    assert_eq!(seen.all(), [2, 5, 8, 8, 5].map(|count| count * 4));
}
