//! Connections, and data to store.

use std::time::Duration;

use crate::{BeginOutcome, NewInnerRun, NewRun, Pause, RunRecord, Step, Storage, StorageResult};

pub use crate::StateChange;

pub const LONG: Duration = Duration::from_secs(600);
/// A lease that has expired as soon as it begins.
pub const OVER: Duration = Duration::ZERO;

pub fn new() -> NewRun {
    NewRun {
        flow: "Checkout".into(),
        graph: r#"{"nodes":["review","pay"]}"#.into(),
        state: r#"{"total":0}"#.into(),
        position: "[0]".into(),
    }
}

pub fn step(step: u64) -> Step {
    Step {
        step,
        path: format!("Checkout > step{step}"),
        position: format!("[{step}]"),
        action: format!("action{step}"),
        graph: Some(graph(step)),
        state: StateChange::some(state(step)),
        inner_runs: false,
        attempts: false,
    }
}

/// The graph of [`step`].
pub fn graph(step: u64) -> String {
    format!(r#"{{"version":{step}}}"#)
}

/// The state after [`step`].
pub fn state(step: u64) -> String {
    format!(r#"{{"total":{step}}}"#)
}

/// A wait for `card` after this step.
pub fn pause(step: u64) -> Pause<'static> {
    Pause {
        step,
        field: "card",
        within: None,
        position: "[]",
        graph: Some("{}"),
        state: StateChange::all("{}"),
        refused: None,
    }
}

pub async fn begin(storage: &impl Storage, run: &str, owner: &str) {
    assert_eq!(
        storage.begin(run, owner, LONG, &new()).await.unwrap(),
        BeginOutcome::New
    );
}

/// Resumes a run that is already stored.
pub async fn again(storage: &impl Storage, run: &str, owner: &str) -> RunRecord {
    match storage.begin(run, owner, LONG, &new()).await.unwrap() {
        BeginOutcome::Known(record) => *record,
        BeginOutcome::New => panic!("`{run}` should have been known"),
    }
}

pub async fn try_inner(
    storage: &impl Storage,
    run: &str,
    owner: &str,
    (outer, step): (&str, u64),
) -> StorageResult<BeginOutcome> {
    let new = NewRun {
        flow: "Summarize".into(),
        ..new()
    };
    let inner = NewInnerRun {
        outer,
        step,
        new: &new,
    };
    storage.begin_inner(run, owner, &inner).await
}

/// Begins an inner run, within a step of the run `outer`.
pub async fn inner(storage: &impl Storage, run: &str, outer: (&str, u64)) {
    assert_eq!(
        try_inner(storage, run, "me", outer).await.unwrap(),
        BeginOutcome::New
    );
}

pub async fn show(storage: &impl Storage, run: &str) -> RunRecord {
    storage.show(run).await.unwrap().unwrap()
}

/// Asserts that an error has this variant, and that its message contains all of these parts.
#[doc(hidden)]
#[macro_export]
macro_rules! __fails {
    ($result:expr, $variant:ident $($part:expr)*) => {{
        let error = $result.unwrap_err();
        assert!(matches!(error, $crate::StorageError::$variant { .. }), "{error:?}");
        let _message = error.to_string();
        $(assert!(_message.contains($part), "`{}` is not in: {_message}", $part);)*
        error
    }};
}
pub use __fails as fails;
