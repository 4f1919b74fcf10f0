//! Inner runs: they have rows of their own, and the lease of the outermost run.

use super::lease::{self, NewRow};
use super::read::show;
use super::{OpResult, Operation, all, count, fenced, fenced_outermost, find, first, head};
use crate::storage::data::{BeginOutcome, InnerRecord, NewInnerRun, NewRun};
use crate::storage::error::StorageError;
use crate::storage::rules::{self, RunHead};
use crate::storage::sql;
use crate::storage::transaction::{Lock, Transaction, values};

/// Begins or resumes an inner run.
pub(crate) struct BeginInner {
    run: String,
    owner: String,
    outer: String,
    step: u64,
    new: NewRun,
}

impl BeginInner {
    pub(crate) fn new(run: &str, owner: &str, inner: &NewInnerRun<'_>) -> Self {
        Self {
            run: run.to_owned(),
            owner: owner.to_owned(),
            outer: inner.outer.to_owned(),
            step: inner.step,
            new: inner.new.clone(),
        }
    }
}

impl Operation for BeginInner {
    type Output = BeginOutcome;

    fn describe(&self) -> String {
        format!("begin run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<BeginOutcome, T> {
        let (run, outer) = (&*self.run, &*self.outer);
        rules::run_id(run)?;
        let around = fenced(tx, outer, &self.owner, Lock::Shared).await?;
        // A call that was dropped may come after the outer step has been stored.
        around.before(outer, self.step)?;
        let root = around.root.as_deref().unwrap_or(outer);
        let head = loop {
            if let Some(head) = find(tx, run, Lock::Exclusive).await? {
                break head;
            }
            let row = NewRow {
                run,
                new: &self.new,
                lease: None,
                outer: Some((root, outer)),
            };
            if lease::insert(tx, row).await? {
                return Ok(BeginOutcome::New);
            }
            // Another transaction has inserted it in between.
        };
        if head.root.as_deref() != Some(root) {
            let run = run.to_owned();
            return Err(StorageError::Exists { run }.into());
        }
        let record = show(tx, run, head.now)
            .await?
            .ok_or_else(|| rules::unknown(run))?;
        if head.starts_again() {
            tx.execute(sql::RESUME_INNER, values![run, head.now])
                .await?;
        }
        Ok(BeginOutcome::Known(Box::new(record)))
    }
}

/// Lets an outermost run wait for its inner runs.
pub(crate) struct WaitForInner {
    pub(crate) run: String,
    pub(crate) owner: String,
}

impl Operation for WaitForInner {
    type Output = ();

    fn describe(&self) -> String {
        format!("let run `{}` wait for its inner runs", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        let run = &*self.run;
        let head = fenced_outermost(tx, run, &self.owner, Lock::Exclusive).await?;
        tx.execute(sql::WAIT_FOR_INNER, values![run, head.now])
            .await?;
        Ok(())
    }
}

/// Reads which inner runs of a run are stored.
pub(crate) struct InnerRuns {
    pub(crate) run: String,
}

impl Operation for InnerRuns {
    type Output = Vec<InnerRecord>;
    const WRITES: bool = false;

    fn describe(&self) -> String {
        format!("read the inner runs of run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Vec<InnerRecord>, T> {
        rules::run_id(&self.run)?;
        all(tx, sql::INNER_RUNS, values![&self.run], rules::inner_run).await
    }
}

/// Locks the outermost run of an inner run. An operation that locks both must lock them in this order.
pub(super) async fn lock_outermost<T: Transaction>(
    tx: &mut T,
    run: &str,
) -> OpResult<Option<(String, RunHead)>, T> {
    rules::run_id(run)?;
    let Some(mut row) = first(tx, sql::ROOT, values![run]).await? else {
        return Ok(None);
    };
    let Some(root) = row.maybe_text(0)? else {
        return Ok(None);
    };
    let head = head(tx, &root, Lock::Exclusive).await?;
    Ok(Some((root, head)))
}

/// Locks the run whose lease a run is under: the outermost one, which may be the run itself.
pub(super) async fn lock_owned<T: Transaction>(
    tx: &mut T,
    run: &str,
) -> OpResult<(String, RunHead), T> {
    match lock_outermost(tx, run).await? {
        Some(outermost) => Ok(outermost),
        None => Ok((run.to_owned(), head(tx, run, Lock::Exclusive).await?)),
    }
}

/// How far a run is within its step, which differs after anything of it has been stored.
pub(super) async fn progress<T: Transaction>(
    tx: &mut T,
    run: &str,
    step: i64,
) -> OpResult<String, T> {
    let items = count(tx, sql::COUNT_ITEMS, values![run, step + 1]).await?;
    let Some(mut row) = first(tx, sql::INNER_PROGRESS, values![run]).await? else {
        return Ok(items.to_string());
    };
    let (runs, changes, inner_items) = (row.int(0)?, row.int(1)?, row.int(2)?);
    Ok(match runs {
        0 => items.to_string(),
        _ => format!("{items}/{runs}/{changes}/{inner_items}"),
    })
}

/// The outermost run must be held by this owner.
pub(super) async fn fence_root<T: Transaction>(
    tx: &mut T,
    root: &str,
    owner: &str,
) -> OpResult<(), T> {
    // Steps of other inner runs are stored at the same time.
    let head = head(tx, root, Lock::Shared).await?;
    Ok(head.fence(root, owner)?)
}
