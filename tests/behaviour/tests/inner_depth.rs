//! Drivers around stores in stores: the compiler handles twelve levels with its default limits, because
//! each inner run of a driven run is boxed. Most of the test is that this file compiles.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use pocketflow::seam::{Execs, Items};
use pocketflow::{
    Driver, Error, ExecDriver, KeepDriver, Node, Run, Shared, StepInfo, StepLimit, Taken, Trace,
    flow, node,
};

#[derive(Shared, Default)]
struct Leaf {
    number: u64,
}

#[node(Leaf, writes = number)]
async fn add(number: &u64) -> u64 {
    tokio::task::yield_now().await;
    number + 1
}

flow! { Add { add; } }

/// Each store holds two of the store below: one for `on`, and a list for `each`.
macro_rules! tower {
    ($($store:ident of $below:ident: $flow:ident runs $inner:ident, $count:ident;)*) => {$(
        #[derive(Shared, Default)]
        struct $store {
            one: Box<$below>,
            list: Vec<$below>,
            count: u64,
        }

        #[node($store, writes = count)]
        fn $count(count: &u64) -> u64 {
            count + 1
        }

        flow! { $flow: $store { $inner.on(one) >> $inner.each(list, parallel = 2) >> $count; } }
    )*};
}

tower! {
    S1 of Leaf: F1 runs Add, n1;
    S2 of S1: F2 runs F1, n2;
    S3 of S2: F3 runs F2, n3;
    S4 of S3: F4 runs F3, n4;
    S5 of S4: F5 runs F4, n5;
    S6 of S5: F6 runs F5, n6;
    S7 of S6: F7 runs F6, n7;
    S8 of S7: F8 runs F7, n8;
    S9 of S8: F9 runs F8, n9;
    S10 of S9: F10 runs F9, n10;
    S11 of S10: F11 runs F10, n11;
    S12 of S11: F12 runs F11, n12;
}

/// Counts the steps and the execs, and implements every seam.
#[derive(Default)]
struct Seen {
    steps: AtomicU32,
    deepest: AtomicU32,
}

impl<S: Shared> Driver<S, (Execs, Items)> for Seen {
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let (mut depth, mut next) = (0, info.inner_run());
        while let Some(inner) = next {
            (depth, next) = (depth + 1, inner.outer().inner_run());
        }
        self.deepest.fetch_max(depth, Relaxed);
        self.steps.fetch_add(1, Relaxed);
        run.run(shared).await
    }
}

impl<S: Shared, Marker, N: Node<S, Marker>> ExecDriver<S, Marker, N, (Execs, Items)> for Seen {}

impl<S: Shared, Marker, N: Node<S, Marker>> KeepDriver<S, Marker, N, (Execs, Items)> for Seen {}

#[tokio::test]
async fn two_drivers_over_twelve_levels_are_spawned() {
    let run = tokio::spawn(async {
        let (seen, mut store) = (Seen::default(), S12::default());
        F12.with(StepLimit::new(99))
            .with(&seen)
            .run(&mut store)
            .await
            .map(|_| (store, seen))
    });
    let (store, seen) = run.await.unwrap().unwrap();
    // Each level has three steps, and the leaf has one.
    assert_eq!(
        (
            store.count,
            seen.steps.into_inner(),
            seen.deepest.into_inner()
        ),
        (1, 37, 12)
    );
}

#[tokio::test]
async fn five_drivers_around_three_levels_are_spawned() {
    let run = tokio::spawn(async {
        let (seen, mut store) = (Seen::default(), S3::default());
        store.list.push(S2::default());
        let driven = F3
            .with(StepLimit::new(99))
            .with(Trace)
            .with(&seen)
            .with(Trace)
            .with(StepLimit::new(99));
        driven
            .run(&mut store)
            .await
            .map(|_| (store, seen.steps.into_inner()))
    });
    let (store, steps) = run.await.unwrap().unwrap();
    assert_eq!((store.list[0].one.one.number, steps), (1, 17));
}

#[tokio::test]
async fn without_drivers_the_levels_nest_in_one_future() {
    let mut store = S4::default();
    store
        .list
        .extend([S3::default(), S3::default(), S3::default()]);
    F4.run(&mut store).await.unwrap();
    assert_eq!(store.list[2].one.one.one.number, 1);
}
