//! Nodes for the test of lints, which is about flows alone.

use pocketflow::{Action, Shared, node};

/// A store.
#[derive(Debug, Shared, Default)]
pub struct Job {
    /// A counter.
    pub count: u8,
    /// A late field.
    pub note: Option<String>,
}

/// What [`choose()`] returns.
#[derive(Debug, Action)]
pub enum Way {
    /// On.
    Go,
    /// Out.
    Stop,
}

/// Goes on as long as the counter is small.
#[node(Job)]
pub fn choose(count: &u8) -> Way {
    if *count < 100 { Way::Go } else { Way::Stop }
}

/// A step.
#[node(Job, writes = count)]
pub fn step(count: &u8) -> u8 {
    count + 1
}

/// One branch.
#[node(Job)]
pub fn left() {}

/// The other.
#[node(Job)]
pub fn right() {}

/// Adds what it holds.
#[derive(Debug, Clone, Copy)]
pub struct Add {
    /// How much.
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
