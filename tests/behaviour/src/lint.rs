//! Nodes for the test of lints, which only tests flows.

use pocketflow::{Action, Shared, node};

/// A store.
#[derive(Debug, Shared, Default)]
pub struct Job {
    /// A counter.
    pub count: u8,
    /// A late field.
    pub note: Option<String>,
}

/// The actions of [`choose()`].
#[derive(Debug, Action)]
pub enum Way {
    /// Continues.
    Go,
    /// Ends.
    Stop,
}

/// Continues while the counter is small.
#[node(Job)]
pub fn choose(count: &u8) -> Way {
    if *count < 100 { Way::Go } else { Way::Stop }
}

/// A step.
#[node(Job, writes = count)]
pub fn step(count: &u8) -> u8 {
    count + 1
}

/// The first branch.
#[node(Job)]
pub fn left() {}

/// Fails.
///
/// # Errors
///
/// Always.
#[node(Job)]
pub async fn fail(count: &u8) -> Result<(), String> {
    core::future::ready(()).await;
    Err(format!("{count} is too much"))
}

/// The second branch.
#[node(Job)]
pub fn right() {}

/// Adds what it holds.
#[derive(Debug, Clone, Copy)]
pub struct Add {
    /// The amount.
    pub by: u8,
}

#[node(Job)]
impl Add {
    fn exec(&self) -> u8 {
        self.by
    }
    fn post(&self, count: &mut u8, exec: u8) {
        *count = count.saturating_add(exec);
    }
}
