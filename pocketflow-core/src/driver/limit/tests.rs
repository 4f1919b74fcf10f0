//! Attempts at random times, compared with a model of the two queues.

use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::Budget;
use super::rate::Rate;

/// Times are in milliseconds since the start. All are multiples of [`UNIT`], apart from that of the
/// cancellation: what is left of it is different for each attempt, and so is what is left of all
/// times that follow from it. So no attempt is cancelled at the moment at which it begins or ends.
#[derive(Debug, Clone, Copy)]
struct Plan {
    asks: u64,
    works_for: u64,
    cancelled: u64,
}

const UNIT: u64 = 64;

#[derive(Debug, Clone)]
struct Case {
    at_a_time: Option<usize>,
    rates: Vec<Rate>,
    plans: Vec<Plan>,
}

fn up_to(units: u64) -> impl Strategy<Value = u64> {
    (0..=units).prop_map(|units| units * UNIT)
}

fn plan() -> impl Strategy<Value = (u64, u64, Option<u64>)> {
    // Most ask at the same time as the one before.
    let after = prop_oneof![3 => Just(0), 2 => up_to(20)];
    let patience = prop_oneof![3 => Just(None), 1 => up_to(60).prop_map(Some)];
    (after, up_to(30), patience)
}

fn rate() -> impl Strategy<Value = Rate> {
    (1..5u32, up_to(40)).prop_map(|(attempts, period)| Rate {
        attempts,
        period: Duration::from_millis(period),
    })
}

fn case() -> impl Strategy<Value = Case> {
    let at_a_time = prop_oneof![1 => Just(None), 3 => (1..5usize).prop_map(Some)];
    (at_a_time, vec(rate(), 0..3), vec(plan(), 1..25)).prop_map(|(at_a_time, rates, plans)| {
        let mut asks = 0;
        let plans = plans
            .into_iter()
            .zip(1..UNIT)
            .map(|((after, works_for, patience), rest)| {
                asks += after;
                Plan {
                    asks,
                    works_for,
                    cancelled: patience.map_or(u64::MAX, |patience| asks + patience + rest),
                }
            })
            .collect();
        Case {
            at_a_time,
            rates,
            plans,
        }
    })
}

/// When an attempt began and ended. `None` if it was cancelled before it began.
type Ran = Option<(u64, u64)>;

/// What should happen: each attempt begins as soon as the limit allows, and not before those that
/// asked earlier.
fn model(case: &Case) -> Vec<Ran> {
    let mut begun: Vec<(u64, u64)> = Vec::new();
    let mut ran = Vec::new();
    for plan in &case.plans {
        let last = begun.last().map_or(0, |(begins, _)| *begins);
        let mut begins = plan.asks.max(last);
        for Rate { attempts, period } in &case.rates {
            if let Some(oldest) = begun.len().checked_sub(*attempts as usize) {
                begins = begins.max(begun[oldest].0 + period.as_millis() as u64);
            }
        }
        if let Some(at_a_time) = case.at_a_time {
            let in_flight = |time| begun.iter().filter(|(_, ends)| time < *ends).count();
            let ends = begun.iter().map(|(_, ends)| *ends);
            let times = ends.filter(|ends| *ends > begins).chain([begins]);
            let free = times.filter(|time| in_flight(*time) < at_a_time);
            begins = free.min().expect("all of them end");
        }
        if plan.cancelled < begins {
            ran.push(None);
            continue;
        }
        let ends = plan.cancelled.min(begins + plan.works_for);
        begun.push((begins, ends));
        ran.push(Some((begins, ends)));
    }
    ran
}

async fn run(case: &Case) -> Vec<Ran> {
    let budget = Arc::new(Budget::new(case.at_a_time, case.rates.clone()));
    let start = Instant::now();
    let now = move || start.elapsed().as_millis() as u64;
    let mut attempts = JoinSet::new();
    for (index, plan) in case.plans.iter().copied().enumerate() {
        sleep_until(start + Duration::from_millis(plan.asks)).await;
        let budget = budget.clone();
        attempts.spawn(async move {
            let mut begins = None;
            let attempt = async {
                let _place = budget.enter().await.expect("there is a runtime");
                begins = Some(now());
                sleep(Duration::from_millis(plan.works_for)).await;
            };
            let forever = plan.cancelled == u64::MAX;
            if forever {
                attempt.await;
            } else {
                let _ = timeout_at(start + Duration::from_millis(plan.cancelled), attempt).await;
            }
            (index, begins.map(|begins| (begins, now())))
        });
    }
    let mut ran = attempts.join_all().await;
    ran.sort();
    if let Some(places) = &budget.places {
        assert_eq!(Some(places.available_permits()), case.at_a_time);
    }
    ran.into_iter().map(|(_, ran)| ran).collect()
}

proptest! {
    #[test]
    fn attempts_begin_in_order_and_as_soon_as_the_limit_allows(case in case()) {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let ran = runtime.block_on(run(&case));
        let attempts: Vec<_> = ran.iter().flatten().copied().collect();
        for (begins, _) in &attempts {
            if let Some(at_a_time) = case.at_a_time {
                let in_flight = |(from, to): &&(u64, u64)| from <= begins && begins < to;
                prop_assert!(attempts.iter().filter(in_flight).count() <= at_a_time);
            }
            for rate in &case.rates {
                let period = begins + rate.period.as_millis() as u64;
                let begun = attempts.iter().filter(|(from, _)| (*begins..period).contains(from));
                prop_assert!(begun.count() <= rate.attempts as usize);
            }
        }
        prop_assert_eq!(ran, model(&case));
    }
}
