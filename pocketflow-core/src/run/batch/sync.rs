//! What the pool of a batch synchronizes with. `tests/loom` has a module of the same name, with
//! what loom watches.

pub(super) use std::sync::atomic::{AtomicBool, Ordering};
pub(super) use std::sync::{Mutex, MutexGuard};
