//! How a worker takes up runs: what it claims, and which leases it watches.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::rules::LeaseObservation;

/// What a worker takes up: see [`Storage::claim`](super::Storage::claim).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The owner that gets the leases. Each claim needs a new one.
    pub owner: &'a str,
    /// How long the leases last.
    pub lease: Duration,
    /// The flows of which it takes runs, in this order, by their names.
    pub flows: &'a [&'a str],
    /// How many runs it takes at most.
    pub limit: u32,
}

/// The leases that a worker watches, because it cannot tell from the time whether their owners are
/// alive: see [`Storage::release_orphans`](super::Storage::release_orphans).
#[derive(Debug, Default)]
pub struct Watched {
    leases: HashMap<String, (LeaseObservation, Instant)>,
}

impl Watched {
    /// How soon the watched leases should be looked at again, if there are any.
    pub fn pause(&self) -> Option<Duration> {
        let leases = self.leases.values();
        leases.map(|(observation, _)| observation.pause()).min()
    }

    /// What is known of each lease.
    pub(super) fn observations(&self) -> HashMap<String, LeaseObservation> {
        let leases = self.leases.iter();
        leases
            .map(|(run, (observation, _))| (run.clone(), observation.clone()))
            .collect()
    }

    /// These leases are still to be watched, and no others.
    pub(super) fn update(&mut self, suspects: HashMap<String, LeaseObservation>) {
        let now = Instant::now();
        let mut last = std::mem::take(&mut self.leases);
        for (run, mut observation) in suspects {
            match last.remove(&run) {
                Some((before, at)) if before == observation => observation.still_for(now - at),
                _ => {}
            }
            self.leases.insert(run, (observation, now));
        }
    }
}
