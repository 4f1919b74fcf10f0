//! The driver of items and branches: a result that is stored is not computed again.

use pocketflow::{Error, ItemCall, ItemId, KeepDriver, Node, StepInfo};
use pocketflow_durable::encoding::{custom, read, write_value};
use pocketflow_durable::{Durable, Kept, Known, item_hash};

use super::{DurableRun, HINTS};
use crate::storage::Storage;

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
        let hashed = item_hash(item, &mut call).map_err(|error| {
            let what = format!("what item {item} of `{info}` is");
            info.error(self.bad("store", &what)(custom(error)))
        })?;
        let found = {
            let items = &mut self.memory().items;
            items.find::<N::Exec>(&self.id, info, hashed, item.index(), HINTS)
        };
        let found = found.map_err(|error| info.error(error))?;
        let bad = |doing| {
            move |source| info.error(self.bad(doing, &format!("what `{info}` returned"))(source))
        };
        if let Some(json) = &found.result {
            return read(json).map_err(bad("read"));
        }
        if let Some(identity) = found.identity() {
            call.identify(identity);
        }
        let exec = call.call().await?;
        let json = write_value(&exec)
            .and_then(|result| found.encode(result))
            .map_err(bad("store"))?;
        let key = self.memory().items.number(info.step(), &found);
        self.store_item(info, &key, &json).await?;
        Ok(exec)
    }
}
