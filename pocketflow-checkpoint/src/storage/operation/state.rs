//! The state of a run: how it changes, how it is read, and which of its texts are removed with the
//! history.

use std::collections::{BTreeMap, BTreeSet};

use super::{OpError, OpResult, all, first};
use crate::storage::data::StateChange;
use crate::storage::error::StorageError;
use crate::storage::rules::RunHead;
use crate::storage::sql;
use crate::storage::stored_state::{self, Reference};
use crate::storage::transaction::{Row, Transaction, values};

/// What the row of a run, or of a step of its history, refers to.
#[derive(Debug, Clone)]
pub(super) struct StoredState {
    pub(super) graph: i64,
    pub(super) state: String,
}

impl StoredState {
    fn read<E>(mut row: Row) -> Result<Self, OpError<E>> {
        Ok(Self {
            graph: row.int(0)?,
            state: row.text(1)?,
        })
    }

    fn references(&self) -> BTreeSet<Reference> {
        let mut references = stored_state::references(&self.state);
        references.insert((String::new(), self.graph));
        references
    }
}

/// Removes the last step of the history, which is stored once more, and returns what it refers to.
pub(super) async fn replace<T: Transaction>(
    tx: &mut T,
    run: &str,
    step: i64,
) -> OpResult<BTreeSet<Reference>, T> {
    let read = StoredState::read;
    let replaced = all(tx, sql::DROP_CHECKPOINT, values![run, step], read).await?;
    Ok(replaced.iter().flat_map(StoredState::references).collect())
}

/// A changed state whose texts are not stored yet.
pub(super) struct NewState<'a> {
    pub(super) stored: StoredState,
    texts: Vec<(String, &'a str)>,
    version: i64,
}

impl NewState<'_> {
    pub(super) async fn add_texts<T: Transaction>(&self, tx: &mut T, run: &str) -> OpResult<(), T> {
        for (name, text) in &self.texts {
            let row = values![run, name, self.version, *text];
            tx.execute(sql::ADD_TEXT, row).await?;
        }
        Ok(())
    }
}

/// Changes a state, and removes the texts that nothing refers to any more, which makes room for the
/// new ones. Of them, `replaced` are those of a step that is not in the history any more.
///
/// The caller stores the new texts and the new state, and increments the `beat` of the run.
pub(super) async fn change<'a, T: Transaction>(
    tx: &mut T,
    run: &str,
    head: &'a RunHead,
    (change, graph): (&'a StateChange, Option<&'a str>),
    mut replaced: BTreeSet<Reference>,
) -> OpResult<NewState<'a>, T> {
    let version = head.next_version();
    let stored_state::Changed {
        state,
        long: mut texts,
        dropped,
    } = changed(run, &head.state, change, version)?;
    replaced.extend(dropped);
    if let Some(graph) = graph {
        texts.push((String::new(), graph));
        replaced.insert((String::new(), head.graph));
    }
    let graph = graph.map_or(head.graph, |_| version);
    let stored = StoredState { graph, state };
    if !replaced.is_empty() {
        let mut dropped = &replaced - &stored.references();
        // The history still refers to what was there after its last step.
        if let Some(row) = first(tx, sql::LAST_CHECKPOINT, values![run]).await? {
            dropped = &dropped - &StoredState::read(row)?.references();
        }
        drop_texts(tx, run, dropped).await?;
    }
    Ok(NewState {
        stored,
        texts,
        version,
    })
}

/// Stores a change outside of a step.
pub(super) async fn store<T: Transaction>(
    tx: &mut T,
    run: &str,
    head: &RunHead,
    change: (&StateChange, Option<&str>),
) -> OpResult<(), T> {
    let now = self::change(tx, run, head, change, BTreeSet::new()).await?;
    now.add_texts(tx, run).await?;
    let row = values![run, now.stored.graph, &now.stored.state];
    tx.execute(sql::SET_STATE, row).await?;
    Ok(())
}

/// The state of a new run, and its long texts, which have version 0.
pub(super) fn changed<'a, E>(
    run: &str,
    state: &'a str,
    change: &'a StateChange,
    version: i64,
) -> Result<stored_state::Changed<'a>, OpError<E>> {
    let changed = stored_state::change(state, change, version);
    Ok(changed.map_err(|source| StorageError::InvalidState {
        run: run.to_owned(),
        source,
    })?)
}

/// Removes all but the last steps of the history, and the texts that only they refer to. `now` is the
/// state that will be stored.
pub(super) async fn prune<T: Transaction>(
    tx: &mut T,
    run: &str,
    last: i64,
    now: &StoredState,
) -> OpResult<(), T> {
    let read = StoredState::read;
    let pruned = all(tx, sql::PRUNE_HISTORY, values![run, last], read).await?;
    let mut left: BTreeSet<Reference> = BTreeSet::new();
    for step in pruned {
        if step.graph != now.graph || step.state != now.state {
            left.append(&mut step.references());
        }
    }
    if !left.is_empty() {
        left = &left - &now.references();
    }
    if left.is_empty() {
        return Ok(());
    }
    // A text that a state does not refer to any more is in no later state either.
    if let Some(row) = first(tx, sql::FIRST_CHECKPOINT, values![run]).await? {
        left = &left - &StoredState::read(row)?.references();
    }
    drop_texts(tx, run, left).await
}

async fn drop_texts<T: Transaction>(
    tx: &mut T,
    run: &str,
    texts: impl IntoIterator<Item = Reference, IntoIter: Send> + Send,
) -> OpResult<(), T> {
    for (name, version) in texts {
        tx.execute(sql::DROP_TEXT, values![run, &name, version])
            .await?;
    }
    Ok(())
}

/// The whole state. `version` is that of the state or a later one, up to the next state.
pub(super) async fn whole<T: Transaction>(
    tx: &mut T,
    run: &str,
    state: String,
    version: i64,
) -> OpResult<String, T> {
    let mut texts = BTreeMap::new();
    if !stored_state::references(&state).is_empty() {
        for mut row in tx.rows(sql::TEXTS, values![run, version]).await? {
            texts.insert(row.text(0)?, row.text(1)?);
        }
    }
    stored_state::restore(state, &texts).map_err(|field| OpError::Missing { field })
}
