//! Items of batches and branches of forks: what is recorded is not computed again.

use pocketflow::seam::{Execs, Items};
use pocketflow::{Error, ItemCall, ItemId, KeepDriver, Node, StepInfo};
use pocketflow_durable::encoding::{custom, read, write_value};
use pocketflow_durable::hash::HashError;
use pocketflow_durable::{Durable, Kept, Known, branch, changed_results, item_hash};

use super::begin::HINTS;
use super::local::Local;
use super::{Burst, Part, Performed, RestateRun};
use crate::items::Answer;
use crate::pump::{Outcome, Piece};

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
        let hash = item_hash(item, &mut call).map_err(|error: HashError| {
            let what = format!("what item {item} of `{info}` is");
            info.error(self.bad("store", &what, custom(error)))
        })?;
        if let Some(portion) = &self.portion {
            let at = (info, local);
            return Err(self.compute(portion, at, hash, call).await);
        }
        if self.is_full() {
            return Err(self.goes_on(info));
        }
        let (step, branch) = (info.step(), branch(info));
        let identity = hash.map(|hash| local.memory().seen.identity(step, branch, hash));
        if let Some(identity) = identity {
            call.identify(identity);
        }
        let part = Piece {
            branch,
            item: identity,
        };
        let key = local.key(info.step(), Part::Item(part));
        let returned = || format!("what `{info}` returned");
        let work = async {
            if let Some(elsewhere) = self.elsewhere() {
                self.desk.live().await;
                let far = self.far(&**elsewhere, (info, local), &key, item.index());
                if let Some(Answer::Done(json)) = far.await? {
                    let exec = read(json.text())
                        .map_err(|source| info.error(self.bad("read", &returned(), source)))?;
                    return Ok((exec, local.record(key.clone(), Outcome::Item(json))));
                }
            }
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
                let misfit = (item.index().map(|item| item as u64), error);
                info.error(changed_results(&self.run, info, vec![misfit], HINTS))
            }),
            Performed::Before(_) => unreachable!("an item is recorded as an item"),
        }
    }
}
