//! The state of a run before a step, for the workers that compute a part of the step.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::pump::{Key, Part, Piece};
use crate::state::{Fields, Log, Meta, Run};

/// The state of a run before a step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) meta: Meta,
    pub(crate) store: Fields,
    pub(crate) log: Log,
}

impl Snapshot {
    /// What is needed of a run for one piece of work: the inner runs around it, and its attempts.
    pub(crate) fn of(run: &Run, key: &Key) -> Self {
        Self {
            meta: run.meta.clone(),
            store: run.store.clone(),
            log: around(run, key),
        }
    }

    pub(crate) fn run(self) -> Run {
        let Self { meta, store, log } = self;
        Run {
            meta,
            store,
            log,
            store_changed: false,
        }
    }
}

/// What is recorded of the inner runs around a piece of work, and its attempts.
pub(crate) fn around(run: &Run, key: &Key) -> Log {
    let around = |id: &str| {
        let rest = key.run.strip_prefix(id);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let inner = run.log.inner.iter().filter(|(id, _)| around(id));
    let piece = match key.part {
        Part::Item(piece) => piece,
        _ => Piece::default(),
    };
    let number = |number| Key {
        part: Part::Attempt(piece, number),
        ..key.clone()
    };
    let attempts = run.log.parts.range(number(0)..=number(u32::MAX));
    Log {
        inner: inner
            .map(|(id, inner)| (id.clone(), inner.clone()))
            .collect(),
        parts: attempts
            .map(|(key, outcome)| (key.clone(), outcome.clone()))
            .collect(),
    }
}

/// The snapshots that were read last. Each is read once, however many pieces of work need it.
#[derive(Default)]
pub(crate) struct Snapshots(Mutex<VecDeque<(Name, Cell)>>);

type Cell = Arc<OnceCell<Arc<Run>>>;

/// The run, when it was started, and the burst.
type Name = (String, u64, u64);

impl Snapshots {
    const KEPT: usize = 16;

    /// The snapshot of a run at a burst.
    pub(crate) async fn get(
        &self,
        name: Name,
        read: impl Future<Output = Result<Run, String>>,
    ) -> Result<Arc<Run>, String> {
        let cell = {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let known = kept.iter().find(|(known, _)| *known == name);
            match known {
                Some((_, cell)) => cell.clone(),
                None => {
                    kept.truncate(Self::KEPT - 1);
                    let cell = Arc::default();
                    kept.push_front((name, Arc::clone(&cell)));
                    cell
                }
            }
        };
        let run = cell.get_or_try_init(|| async { read.await.map(Arc::new) });
        run.await.cloned()
    }
}
