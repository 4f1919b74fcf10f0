//! Reading runs.

use super::{OpResult, Operation, all, first, state};
use crate::storage::data::{RunRecord, RunSummary, Status};
use crate::storage::rules;
use crate::storage::sql;
use crate::storage::transaction::{Transaction, values};

pub(crate) struct List {
    pub(crate) filter: Option<Status>,
}

impl Operation for List {
    type Output = Vec<RunSummary>;
    const WRITES: bool = false;

    fn describe(&self) -> String {
        "list the runs".to_owned()
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Vec<RunSummary>, T> {
        let now = tx.now().await?;
        let read = |mut row| rules::summary(&mut row, now);
        match self.filter {
            Some(status) => all(tx, sql::LIST, values![status.as_str()], read).await,
            None => all(tx, sql::LIST_ALL, &[], read).await,
        }
    }
}

pub(crate) struct Show {
    pub(crate) run: String,
}

impl Operation for Show {
    type Output = Option<RunRecord>;
    const WRITES: bool = false;

    fn describe(&self) -> String {
        format!("read run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Option<RunRecord>, T> {
        let now = tx.now().await?;
        show(tx, &self.run, now).await
    }
}

pub(super) async fn show<T: Transaction>(
    tx: &mut T,
    run: &str,
    now: i64,
) -> OpResult<Option<RunRecord>, T> {
    rules::run_id(run)?;
    let Some(row) = first(tx, sql::SHOW, values![run]).await? else {
        return Ok(None);
    };
    let (mut record, version) = rules::record(row, now)?;
    record.state = state::whole(tx, run, record.state, version).await?;
    Ok(Some(record))
}
