//! Waiting for a condition, with a limit.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The client of all requests.
pub(crate) static HTTP: LazyLock<reqwest::Client> = LazyLock::new(|| {
    // A new connection for each request: each test has a runtime of its own, and servers are killed.
    let client = reqwest::Client::builder().pool_max_idle_per_host(0);
    client.timeout(Duration::from_secs(60)).build().unwrap()
});

/// Until when a condition must hold.
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn seconds(seconds: u64) -> Deadline {
        Deadline(Instant::now() + Duration::from_secs(seconds))
    }

    /// Pauses before the next look, or panics if it is too late.
    pub(crate) async fn pause(&self, what: impl FnOnce() -> String) {
        assert!(Instant::now() < self.0, "too late: {}", what());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
