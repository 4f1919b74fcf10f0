//! What people do to a run from outside: cancel it, let it start again, mend it.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use super::inner::lock_owned;
use super::{OpResult, Operation, first, head, state};
use crate::storage::data::StateChange;
use crate::storage::error::StorageError;
use crate::storage::rules::{self, Availability, LeaseObservation};
use crate::storage::sql;
use crate::storage::transaction::{Lock, Transaction, values};

/// Cancels a run, also one that a process drives.
pub(crate) struct Cancel {
    pub(crate) run: String,
}

impl Operation for Cancel {
    type Output = ();

    fn describe(&self) -> String {
        format!("cancel run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        let head = head(tx, &self.run, Lock::Exclusive).await?;
        head.outermost(&self.run)?;
        if head.cancellable(&self.run)? {
            tx.execute(sql::CANCEL, values![&self.run, head.now])
                .await?;
        }
        Ok(())
    }
}

/// Lets a run start again that is stuck, failed or cancelled, or that waits for an attempt.
pub(crate) struct Retry {
    pub(crate) run: String,
}

impl Operation for Retry {
    type Output = ();

    fn describe(&self) -> String {
        format!("let run `{}` start again", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        let head = head(tx, &self.run, Lock::Exclusive).await?;
        head.outermost(&self.run)?;
        // The attempts start over.
        let dropped = tx
            .execute(sql::DROP_ATTEMPTS_WITHIN, values![&self.run])
            .await?;
        head.retryable(&self.run, dropped > 0)?;
        tx.execute(sql::RETRY, values![&self.run, head.now]).await?;
        Ok(())
    }
}

/// Releases the lease of a run, no matter who holds it.
pub(crate) struct ReleaseLease {
    pub(crate) run: String,
}

impl Operation for ReleaseLease {
    type Output = ();

    fn describe(&self) -> String {
        format!("release the lease of run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<(), T> {
        let head = head(tx, &self.run, Lock::Exclusive).await?;
        head.outermost(&self.run)?;
        head.leased(&self.run)?;
        tx.execute(sql::RELEASE, values![&self.run]).await?;
        Ok(())
    }
}

/// Puts a run back to where it was after a step.
pub(crate) struct Rewind {
    pub(crate) run: String,
    pub(crate) step: u64,
    pub(crate) observed: Option<LeaseObservation>,
}

impl Operation for Rewind {
    type Output = Availability<()>;

    fn describe(&self) -> String {
        format!("rewind run `{}` to step {}", self.run, self.step)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Availability<()>, T> {
        let run = &*self.run;
        let head = head(tx, run, Lock::Exclusive).await?;
        head.outermost(run)?;
        let step = rules::number("step", self.step)?;
        let lease = head.idle(run, None, T::CLOCK, self.observed.as_ref())?;
        if let Availability::Watch(_) = lease {
            return Ok(lease);
        }
        if first(tx, sql::CHECKPOINT, values![run, step])
            .await?
            .is_none()
        {
            return Err(StorageError::NoCheckpoint {
                run: run.to_owned(),
                step: self.step,
            }
            .into());
        }
        tx.execute(sql::REWIND_RUN, values![run, step, head.now])
            .await?;
        // What the run asks again needs another answer.
        for later in [sql::REWIND_TEXTS, sql::REWIND_HISTORY, sql::REWIND_WAITS] {
            tx.execute(later, values![run, step]).await?;
        }
        for within in [sql::DROP_ALL_ITEMS, sql::DROP_ALL_ATTEMPTS] {
            tx.execute(within, values![run]).await?;
        }
        tx.execute(sql::DROP_INNER, values![run]).await?;
        Ok(lease)
    }
}

/// Changes fields of the state of a run.
pub(crate) struct Edit {
    pub(crate) run: String,
    pub(crate) fields: String,
    pub(crate) observed: Option<LeaseObservation>,
}

impl Operation for Edit {
    type Output = Availability<()>;

    fn describe(&self) -> String {
        format!("edit the state of run `{}`", self.run)
    }

    async fn perform<T: Transaction>(&self, tx: &mut T) -> OpResult<Availability<()>, T> {
        let run = &*self.run;
        let (outermost, owned) = lock_owned(tx, run).await?;
        let head = head(tx, run, Lock::Exclusive).await?;
        head.editable(run)?;
        let lease = owned.idle(&outermost, None, T::CLOCK, self.observed.as_ref())?;
        if let Availability::Watch(_) = lease {
            return Ok(lease);
        }
        let members = |json: &str| {
            let members: Result<BTreeMap<String, IgnoredAny>, _> = serde_json::from_str(json);
            members.map_err(|source| StorageError::InvalidState {
                run: run.to_owned(),
                source,
            })
        };
        let (new, known) = (members(&self.fields)?, members(&head.state)?);
        if let Some(field) = new.keys().find(|field| !known.contains_key(*field)) {
            return Err(StorageError::NoSuchField {
                run: run.to_owned(),
                field: field.clone(),
                fields: known.into_keys().collect(),
            }
            .into());
        }
        let change = StateChange::some(&*self.fields);
        state::store(tx, run, &head, (&change, None)).await?;
        tx.execute(sql::TOUCH, values![run, head.now]).await?;
        Ok(lease)
    }
}
