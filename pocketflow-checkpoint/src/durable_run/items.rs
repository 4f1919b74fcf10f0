//! The driver of items and branches: a result that is stored is not computed again.

use pocketflow::{Error, ItemCall, ItemId, KeepDriver, Node, StepInfo};
use pocketflow_durable::encoding::{custom, read, write_value};
use pocketflow_durable::hash::{HashError, OrderMatters, hash};
use pocketflow_durable::{Changed, Durable, ItemIdentity, Kept, Known, stored_item};

use super::{DurableRun, HINTS};
use crate::storage::{ItemKey, Storage};

/// A node that is alone in its step is stored with the step.
impl<S, Marker, N, E> KeepDriver<S, Marker, N> for DurableRun<E>
where
    S: Durable,
    N: Node<S, Marker>,
    for<'i> N::Item<'i>: Known,
    N::Exec: Kept,
    E: Storage,
{
    async fn item<C>(
        &self,
        info: &StepInfo<'_>,
        item: ItemId<'_>,
        call: C,
    ) -> Result<N::Exec, Error>
    where
        C: ItemCall<S, Marker, N>,
    {
        let inner = self.inner_run(info);
        inner
            .as_deref()
            .unwrap_or(self)
            .keep(info, item, call)
            .await
    }
}

impl<E: Storage> DurableRun<E> {
    /// Computes a result, unless it is stored.
    async fn keep<S, Marker, N, C>(
        &self,
        info: &StepInfo<'_>,
        item: ItemId<'_>,
        mut call: C,
    ) -> Result<N::Exec, Error>
    where
        S: Durable,
        N: Node<S, Marker>,
        for<'i> N::Item<'i>: Known,
        N::Exec: Kept,
        C: ItemCall<S, Marker, N>,
    {
        let (step, branch) = (
            info.step(),
            info.branch_number()
                .and_then(|branch| u32::try_from(branch).ok()),
        );
        let index = item.index().map(|index| index as u64);
        let hashed = match item {
            ItemId::Branch => None,
            _ => Some(call.with_item(|item| hash(&item, OrderMatters::InSequences))),
        };
        let hashed = hashed.transpose().map_err(|error: HashError| {
            info.error(self
                .bad("store", &format!("what item {item} of `{info}` is"))(
                custom(error),
            ))
        })?;
        let (id, kept) = {
            let mut memory = self.memory();
            let items = memory.items.at(step);
            let misfits = items.misfits::<N::Exec>(branch);
            if !misfits.is_empty() {
                let what = |key: ItemKey| {
                    key.item
                        .map_or_else(String::new, |item| format!(" for item {item}"))
                };
                let conflict = |(key, error): (ItemKey, _)| {
                    format!(
                        "the stored result of `{info}`{} does not fit what it returns now: {error}; {}",
                        what(key),
                        (HINTS.run_again)("items", &self.id)
                    )
                };
                // The first ones are enough.
                let more = misfits.len().saturating_sub(20);
                let mut conflicts: Vec<_> = misfits.into_iter().take(20).map(conflict).collect();
                if more > 0 {
                    conflicts.push(format!("and {more} more of `{info}`"));
                }
                return Err(info.error(Changed {
                    run: self.id.clone(),
                    conflicts,
                }));
            }
            // Half of the hash is enough to distinguish the items of one step.
            let id = hashed.map_or(ItemIdentity::Branch, |hash| {
                ItemIdentity::Item(items.identity(branch, hash as u64))
            });
            (id, items.take(branch, id, index))
        };
        let bad = |doing| {
            move |source| info.error(self.bad(doing, &format!("what `{info}` returned"))(source))
        };
        if let Some(json) = kept {
            return read(&json).map_err(bad("read"));
        }
        if let ItemIdentity::Item(identity) = id {
            call.identify(identity);
        }
        let exec = call.call().await?;
        let json = write_value(&exec)
            .and_then(|result| stored_item(id, result))
            .map_err(bad("store"))?;
        let key = self.memory().items.at(step).number(branch, index);
        self.store_item(info, &key, &json).await?;
        Ok(exec)
    }
}
