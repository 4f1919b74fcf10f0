//! How many attempts may begin in a given time.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until};

use crate::run_error::NoRuntime;

/// So many attempts in any period of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) attempts: u32,
    pub(super) period: Duration,
}

/// When the attempts of the last period began, for each of the rates that hold together. There are no
/// more of them than the rate allows.
#[derive(Debug, Default)]
pub(super) struct Begun(Vec<VecDeque<Instant>>);

impl Begun {
    pub(super) fn new(rates: &[Rate]) -> Self {
        Self(vec![VecDeque::new(); rates.len()])
    }

    /// Waits until the rates allow another attempt, and counts it.
    pub(super) async fn next(&mut self, rates: &[Rate]) {
        let free = rates.iter().zip(&self.0).filter_map(|(rate, begun)| {
            let oldest = begun.len().checked_sub(rate.attempts as usize)?;
            Some(later(begun[oldest], rate.period))
        });
        if let Some(free) = free.max() {
            sleep_until(free).await;
        }
        let now = Instant::now();
        for (rate, begun) in rates.iter().zip(&mut self.0) {
            let is_over = |first: &Instant| later(*first, rate.period) <= now;
            while begun.front().is_some_and(is_over) {
                begun.pop_front();
            }
            begun.push_back(now);
        }
    }
}

/// Without a runtime tokio panics. This does not depend on whether an attempt has to wait.
pub(super) fn needs_runtime(rates: &[Rate]) -> Result<(), NoRuntime> {
    if rates.is_empty() || Handle::try_current().is_ok() {
        return Ok(());
    }
    Err(NoRuntime {
        option: NoRuntime::RATE,
    })
}

/// An instant, or one in the far future if the period is too long to be added.
fn later(instant: Instant, period: Duration) -> Instant {
    const DECADES: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
    instant.checked_add(period).unwrap_or(instant + DECADES)
}
