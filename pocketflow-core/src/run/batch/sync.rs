//! The synchronization types of a batch. `tests/loom` has a module of the same name with the types
//! that loom checks.

pub(super) use std::sync::atomic::{AtomicBool, Ordering};
pub(super) use std::sync::{Mutex, MutexGuard};
