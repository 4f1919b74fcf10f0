//! The data of a durable run is either read back as it was or rejected at the step that made it.
//! Stored data is never mistaken for something else.

mod changed;
mod filled;
mod finished;
mod older;
mod skipped;
mod values;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::{
    BadState, Changed, Checkpoints, OtherFlow, OtherInput, Parked, SkippedField, Status, Storage,
    StorageError, WrongValue,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tempfile::TempDir;

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    (folder, file)
}

async fn runs() -> (TempDir, Checkpoints) {
    let (folder, file) = file();
    (folder, Checkpoints::open(&file).await.unwrap())
}

fn cause<T: std::error::Error + 'static>(error: &pocketflow::Error) -> &T {
    error
        .cause()
        .downcast_ref()
        .unwrap_or_else(|| panic!("{error:#}"))
}
