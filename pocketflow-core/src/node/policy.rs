use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// When and how often a node's `exec` is tried: what the attributes of `#[node]` say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// How many tries in all; at least 1.
    pub attempts: u32,
    /// The wait before the second try.
    pub wait: Duration,
    /// The factor by which the wait grows from one try to the next; 1.0 keeps it.
    pub backoff: f64,
    /// The longest wait.
    pub max_wait: Duration,
    /// Which part of a wait is left to chance, from 0.0 (none) to 1.0 (all of it, which is called full jitter).
    pub jitter: f64,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// Whether the node has a `fallback`.
    pub fallback: bool,
}

impl Policy {
    /// One try, and its error is final.
    pub const ONCE: Self = Self {
        attempts: 1,
        wait: Duration::ZERO,
        backoff: 1.0,
        max_wait: Duration::MAX,
        jitter: 0.0,
        timeout: None,
        fallback: false,
    };

    /// The wait after `failed` failed tries, before chance takes its part: `wait × backoff^(failed − 1)`, at most `max_wait`.
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
        let exponent = i32::try_from(failed.saturating_sub(1)).unwrap_or(i32::MAX);
        let seconds = self.wait.as_secs_f64() * self.backoff.powi(exponent);
        Duration::try_from_secs_f64(seconds).unwrap_or(self.max_wait).min(self.max_wait)
    }

    /// [`wait_after`](Self::wait_after), shortened by chance: uniformly between `1 − jitter` and the whole of it. With 1.0 this
    /// is the "full jitter" of M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    pub(crate) fn jittered_wait_after(&self, failed: u32) -> Duration {
        let wait = self.wait_after(failed);
        if self.jitter == 0.0 {
            return wait;
        }
        // The keys of a `RandomState` are random, which is chance enough to spread retries and saves a dependency.
        let chance = RandomState::new().hash_one(failed) as f64 / u64::MAX as f64;
        wait.mul_f64((1.0 - self.jitter * chance).clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_grow_up_to_the_longest() {
        let policy =
            Policy { wait: SECOND, backoff: 1.5, max_wait: Duration::from_millis(2_000), ..Policy::ONCE };
        let waits = [1, 2, 3, 1_000_000].map(|failed| policy.wait_after(failed).as_millis());
        assert_eq!(waits, [1_000, 1_500, 2_000, 2_000]);
    }

    #[test]
    fn jitter_only_shortens_and_never_below_its_part() {
        let policy = Policy { wait: SECOND, jitter: 0.25, ..Policy::ONCE };
        let waits: Vec<_> = (0..200).map(|_| policy.jittered_wait_after(1)).collect();
        assert!(waits.iter().all(|wait| (SECOND.mul_f64(0.75)..=SECOND).contains(wait)));
        assert!(waits.iter().any(|wait| wait != &waits[0]));
    }
}
