//! A loop, and nested flows.

use pocketflow::{Action, Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::work;

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Race {
    until: usize,
    laps: Vec<usize>,
    state: String,
}

#[derive(Action, Serialize, Deserialize)]
pub(crate) enum Next {
    Again,
    Done,
}

#[node(Race, appends = laps)]
async fn lap(laps: &[usize], #[attempt] attempt: Attempt<'_>) -> [usize; 1] {
    work("lap", attempt).await;
    [laps.len()]
}

#[node(Race)]
fn enough(laps: &[usize], until: &usize) -> Next {
    if laps.len() < *until {
        Next::Again
    } else {
        Next::Done
    }
}

flow! {
    pub(crate) Laps: Race {
        lap >> enough;
        enough - "again" >> lap max 1_000 else end "tired";
        enough - "done" >> end;
    }
}

#[node(Race, appends = state)]
async fn begin(#[attempt] attempt: Attempt<'_>) -> &'static str {
    work("begin", attempt).await;
    "b"
}

#[node(Race, appends = state)]
async fn middle(#[attempt] attempt: Attempt<'_>) -> &'static str {
    work("middle", attempt).await;
    "m"
}

#[node(Race, appends = state)]
async fn last(laps: &[usize], #[attempt] attempt: Attempt<'_>) -> String {
    work("last", attempt).await;
    laps.len().to_string()
}

#[node(Race)]
fn is_even(laps: &[usize]) -> Next {
    if laps.len().is_multiple_of(2) {
        Next::Done
    } else {
        Next::Again
    }
}

flow! {
    pub(crate) Innermost: Race {
        lap >> is_even;
        is_even - "again" >> lap;
        is_even - "done" >> end;
    }
}

flow! { pub(crate) Inner: Race { begin >> Innermost >> last; } }

flow! {
    /// A nested flow in a nested flow, at two places.
    pub(crate) Nested: Race {
        begin >> Inner >> middle >> again >> Innermost >> last;
        again: Inner;
    }
}

pub(crate) const NESTED: Nested = Nested { again: Inner };
