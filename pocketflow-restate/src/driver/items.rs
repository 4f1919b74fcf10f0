//! Items of batches and branches of forks: what is recorded is not computed again.

use pocketflow::seam::{Execs, Items};
use pocketflow::{Error, ItemCall, ItemId, KeepDriver, Node, StepInfo};
use pocketflow_durable::encoding::{custom, read, write_value};
use pocketflow_durable::hash::{HashError, OrderMatters, hash};
use pocketflow_durable::{Changed, Durable, Kept, Known};

use super::local::{Local, piece};
use super::{Burst, Part, Performed, RestateRun};
use crate::pump::Outcome;

/// A node that is alone in its step is recorded with the step.
impl<S, Marker, N> KeepDriver<S, Marker, N, (Execs, Items)> for RestateRun
where
    S: Durable,
    N: Node<S, Marker>,
    for<'i> N::Item<'i>: Known,
    N::Exec: Kept,
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
        let local = self.0.local(info);
        self.0.item(info, &local, item, call).await
    }
}

impl Burst {
    async fn item<S, Marker, N, C>(
        &self,
        info: &StepInfo<'_>,
        local: &Local,
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
        let mut part = piece(info, None);
        if item != ItemId::Branch {
            let hashed = call.with_item(|item| hash(&item, OrderMatters::InSequences));
            let hashed = hashed.map_err(|error: HashError| {
                let what = format!("what item {item} of `{info}` is");
                info.error(self.bad("store", &what, custom(error)))
            })?;
            // Half of the hash is enough to distinguish the items of one step.
            let identity = local.identity(info.step(), part.branch, hashed as u64);
            part.item = Some(identity);
            call.identify(identity);
        }
        let key = local.key(info.step(), Part::Item(part));
        let returned = || format!("what `{info}` returned");
        let work = async {
            let exec = call.call().await?;
            let text = write_value(&exec)
                .map_err(|source| info.error(self.bad("store", &returned(), source)))?;
            self.fits(&returned(), text.len())
                .map_err(|error| info.error(error))?;
            let json = self.json(info, &returned(), text)?;
            let record = local.record(key.clone(), Outcome::Item(json));
            Ok::<_, Error>((exec, record))
        };
        match self.desk.perform(key.clone(), work).await? {
            Performed::Now(exec) => Ok(exec),
            Performed::Before(Outcome::Item(json)) => read(json.text()).map_err(|error| {
                let conflict = format!(
                    "the stored result of `{info}`{} does not fit what it returns now: {error}",
                    item.index()
                        .map_or_else(String::new, |item| format!(" for item {item}"))
                );
                info.error(Changed {
                    run: self.run.clone(),
                    conflicts: vec![conflict],
                })
            }),
            Performed::Before(_) => unreachable!("an item is recorded as an item"),
        }
    }
}
