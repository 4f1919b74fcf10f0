use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::const_eval::spelling::equal;
use crate::run_error::InvalidPolicy;

/// When and how often a node's `exec` is attempted, as the options of `#[node]` say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// How many attempts there are in total: at least 1.
    pub attempts: u32,
    /// The wait before the second attempt.
    pub wait: Duration,
    /// The factor by which the wait grows from one attempt to the next. With 1.0, the wait stays
    /// the same.
    pub backoff: f64,
    /// The longest wait.
    pub max_wait: Duration,
    /// Which part of a wait is random, from 0.0 (none) to 1.0 (all of it, which is called full
    /// jitter).
    pub jitter: f64,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// Whether the node has a `fallback`.
    pub fallback: bool,
    /// How many items of a batch are in flight at a time.
    pub parallel: usize,
}

impl Policy {
    /// One attempt, whose error is final.
    pub const ONCE: Self = Self {
        attempts: 1,
        wait: Duration::ZERO,
        backoff: 1.0,
        max_wait: Duration::MAX,
        jitter: 0.0,
        timeout: None,
        fallback: false,
        parallel: 1,
    };

    /// What is wrong with one of the options.
    pub(crate) const fn fault(&self, option: &'static str) -> Option<InvalidPolicy> {
        let (wrong, help) = if equal(option, "attempts") && self.attempts == 0 {
            (
                "with no attempt, the node never runs",
                "it counts all tries, so it is at least 1",
            )
        } else if equal(option, "backoff") && !(self.backoff >= 1.0 && self.backoff <= 1_000.0) {
            (
                "it is the factor from one wait to the next",
                "it is a number from 1.0 (no growth) to 1000.0",
            )
        } else if equal(option, "jitter") && !(self.jitter >= 0.0 && self.jitter <= 1.0) {
            (
                "it is the fraction of a wait that is random",
                "it is a number from 0.0 to 1.0",
            )
        } else if equal(option, "max_wait") && self.max_wait.as_nanos() < self.wait.as_nanos() {
            (
                "the longest wait is shorter than the first",
                "it is at least `wait`",
            )
        } else if equal(option, "timeout") && matches!(self.timeout, Some(limit) if limit.is_zero())
        {
            (
                "with a timeout of zero, no attempt can finish",
                "it is longer than zero",
            )
        } else if equal(option, "parallel") && self.parallel == 0 {
            (
                "with no item in flight, the batch never makes progress",
                "it is at least 1",
            )
        } else {
            return None;
        };
        Some(InvalidPolicy {
            option,
            wrong,
            help,
        })
    }

    /// Checks all options.
    pub(crate) fn check(&self) -> Result<(), InvalidPolicy> {
        let options = [
            "attempts", "backoff", "jitter", "max_wait", "timeout", "parallel",
        ];
        match options.iter().find_map(|option| self.fault(option)) {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    /// The wait after `failed` failed attempts, before jitter is applied: `wait × backoff^(failed −
    /// 1)`, at most `max_wait`. If `wait` is zero, the result is zero. A `backoff` that is not a
    /// number, or is below zero, counts as 1.0.
    ///
    /// ```
    /// use pocketflow::Policy;
    /// use std::time::Duration;
    ///
    /// let policy = Policy {
    ///     wait: Duration::from_secs(1),
    ///     backoff: 2.0,
    ///     max_wait: Duration::from_secs(3),
    ///     ..Policy::ONCE
    /// };
    /// assert_eq!([1, 2, 3].map(|failed| policy.wait_after(failed).as_secs()), [1, 2, 3]);
    /// ```
    pub fn wait_after(&self, failed: u32) -> Duration {
        // Zero times infinity is not a number, and the code below would take it for a wait too long
        // for a `Duration`.
        if self.wait.is_zero() {
            return Duration::ZERO;
        }
        let exponent = i32::try_from(failed.saturating_sub(1)).unwrap_or(i32::MAX);
        let factor = if self.backoff >= 0.0 {
            self.backoff.powi(exponent)
        } else {
            1.0
        };
        let seconds = self.wait.as_secs_f64() * factor;
        Duration::try_from_secs_f64(seconds)
            .unwrap_or(self.max_wait)
            .min(self.max_wait)
    }

    /// [`wait_after`](Self::wait_after) with jitter: a uniform random part of it, from `1 − jitter`
    /// to 1. With a `jitter` of 1.0 this is the "full jitter" of M. Brooker, "Exponential Backoff
    /// And Jitter", AWS Architecture Blog, 2015.
    pub(crate) fn jittered_wait_after(&self, failed: u32) -> Duration {
        let wait = self.wait_after(failed);
        if wait.is_zero() || self.jitter == 0.0 {
            return wait;
        }
        // The keys of a `RandomState` are random enough to spread retries, and save a dependency.
        self.shortened(
            wait,
            RandomState::new().hash_one(failed) as f64 / u64::MAX as f64,
        )
    }

    /// Shortens a wait. `chance` is between 0.0 (not at all) and 1.0 (by all of `jitter`).
    fn shortened(&self, wait: Duration, chance: f64) -> Duration {
        let part = 1.0 - self.jitter * chance;
        let part = if part.is_nan() {
            1.0
        } else {
            part.clamp(0.0, 1.0)
        };
        // As a float, the longest wait is rounded up, and is then too long for a `Duration`.
        Duration::try_from_secs_f64(wait.as_secs_f64() * part)
            .unwrap_or(wait)
            .min(wait)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_grow_up_to_the_longest() {
        let policy = Policy {
            wait: SECOND,
            backoff: 1.5,
            max_wait: Duration::from_millis(2_000),
            ..Policy::ONCE
        };
        let waits = [1, 2, 3, 1_000_000].map(|failed| policy.wait_after(failed).as_millis());
        assert_eq!(waits, [1_000, 1_500, 2_000, 2_000]);
    }

    #[test]
    fn jitter_only_shortens_and_never_below_its_part() {
        let policy = Policy {
            wait: SECOND,
            jitter: 0.25,
            ..Policy::ONCE
        };
        let waits: Vec<_> = (0..200).map(|_| policy.jittered_wait_after(1)).collect();
        assert!(
            waits
                .iter()
                .all(|wait| (SECOND.mul_f64(0.75)..=SECOND).contains(wait))
        );
        assert!(waits.iter().any(|wait| wait != &waits[0]));
    }

    #[test]
    fn the_wait_after_zero_is_zero() {
        let policy = Policy {
            attempts: 400,
            backoff: 10.0,
            jitter: 1.0,
            ..Policy::ONCE
        };
        for failed in [1, 2, 309, 310, 400, u32::MAX] {
            assert_eq!(policy.wait_after(failed), Duration::ZERO, "after {failed}");
            assert_eq!(
                policy.jittered_wait_after(failed),
                Duration::ZERO,
                "after {failed}"
            );
        }
    }

    #[test]
    fn chance_takes_half_of_its_part_on_average() {
        let policy = Policy {
            wait: SECOND,
            jitter: 0.5,
            ..Policy::ONCE
        };
        let waits = 20_000;
        let sum: f64 = (0..waits)
            .map(|_| policy.jittered_wait_after(1).as_secs_f64())
            .sum();
        let mean = sum / f64::from(waits);
        // The mean of so many uniform values in a range of 0.5 is further off than this less than
        // once in 10^20 times.
        assert!((mean - 0.75).abs() < 0.01, "{mean}");
        assert_eq!(
            [0.0, 0.5, 1.0].map(|chance| policy.shortened(SECOND, chance).as_millis()),
            [1_000, 750, 500]
        );
    }

    fn durations() -> impl Strategy<Value = Duration> {
        prop_oneof![
            Just(Duration::ZERO),
            Just(Duration::from_nanos(1)),
            Just(Duration::MAX),
            (0..10_000_000_000_u64).prop_map(Duration::from_nanos),
            (any::<u64>(), 0..1_000_000_000_u32)
                .prop_map(|(seconds, nanos)| Duration::new(seconds, nanos)),
        ]
    }

    fn numbers() -> impl Strategy<Value = f64> {
        prop_oneof![
            Just(0.0),
            Just(1.0),
            Just(f64::NAN),
            Just(f64::INFINITY),
            Just(f64::MIN_POSITIVE),
            1.0..1_000.0,
            any::<f64>()
        ]
    }

    proptest! {
        /// The fields are public, so they may hold any value.
        #[test]
        fn a_wait_is_never_longer_than_the_longest(
            wait in durations(),
            max_wait in durations(),
            backoff in numbers(),
            jitter in numbers(),
            chance in 0.0..=1.0,
            failed in prop_oneof![0..400_u32, any::<u32>()],
        ) {
            let policy = Policy { wait, max_wait, backoff, jitter, ..Policy::ONCE };
            let after = policy.wait_after(failed);
            prop_assert!(after <= max_wait);
            prop_assert!(!wait.is_zero() || after.is_zero());
            prop_assert!(policy.shortened(after, chance) <= after);
            prop_assert!(policy.jittered_wait_after(failed) <= after);
            if backoff >= 1.0 {
                let next = policy.wait_after(failed.saturating_add(1));
                prop_assert!(after <= next, "{after:?} and then {next:?}");
            }
        }
    }
}
