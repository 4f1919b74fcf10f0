//! What is kept of the items of a batch and of the branches of a fork, while their step is at work.
//!
//! An item is known by what it is, not by its place in the list: the same code may list it
//! elsewhere when it runs again, in the order of another `HashMap`. So a hash of it is kept with
//! its result, and the idempotency key is made of that hash. Of items that are equal, the first is
//! known from the second by their number.

use std::collections::{BTreeSet, HashMap, HashSet};

use pocketflow::{At, Error, ItemCall, ItemId, KeepDriver, Node};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::hash::{Order, Unseen, hash};
use crate::run::DurableRun;
use crate::state::Durable;
use crate::stops::Changed;
use crate::storage::{ItemKey, Storage};
use crate::text::{custom, read, write_value};

/// The branch of the step, if it is a fork.
type Branch = Option<u32>;

/// An item as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    /// Its identity, in hexadecimal.
    #[serde(rename = "$item")]
    identity: String,
    result: Box<RawValue>,
}

/// The items of the step at hand.
#[derive(Default)]
pub(crate) struct KeptItems {
    step: u64,
    /// The results that are stored, and not used yet.
    results: HashMap<(Branch, Id), (ItemKey, String)>,
    /// The numbers under which items are stored.
    numbers: HashSet<ItemKey>,
    /// The branches whose results have been read, to see that they fit.
    checked: BTreeSet<Branch>,
    /// How many items with the same hash have been seen.
    seen: HashMap<(Branch, u64), u64>,
}

/// What an item is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Id {
    Branch,
    Item(u64),
    /// Its index: so an older version of this crate kept it.
    Index(u64),
}

impl KeptItems {
    /// The items of a step, as they are stored.
    pub(crate) fn new(step: u64, stored: Vec<(ItemKey, String)>) -> Self {
        let mut kept = Self {
            step,
            ..Self::default()
        };
        for (key, json) in stored {
            kept.numbers.insert(key);
            let (id, json) = match key.item {
                None => (Id::Branch, json),
                Some(index) => match serde_json::from_str::<Stored>(&json) {
                    Ok(Stored { identity, result }) => match u64::from_str_radix(&identity, 16) {
                        Ok(identity) => (Id::Item(identity), result.get().to_owned()),
                        Err(_) => (Id::Index(index), json),
                    },
                    Err(_) => (Id::Index(index), json),
                },
            };
            kept.results.insert((key.branch, id), (key, json));
        }
        kept
    }

    /// Forgets what belongs to another step.
    fn at(&mut self, step: u64) -> &mut Self {
        if self.step != step {
            *self = Self {
                step,
                ..Self::default()
            };
        }
        self
    }

    /// The results of a branch that do not fit what its node returns: once, before any of its items
    /// is done.
    fn misfits<T: DeserializeOwned>(
        &mut self,
        branch: Branch,
    ) -> Vec<(ItemKey, serde_json::Error)> {
        if !self.checked.insert(branch) {
            return Vec::new();
        }
        let results = self.results.iter().filter(|((of, _), _)| *of == branch);
        let read = results.filter_map(|(_, (key, json))| Some((*key, read::<T>(json).err()?)));
        let mut misfits: Vec<_> = read.collect();
        misfits.sort_by_key(|(key, _)| *key);
        misfits
    }

    /// What tells an item from all others of the branch, also from those that are equal to it.
    fn identity(&mut self, branch: Branch, hash: u64) -> u64 {
        let seen = self.seen.entry((branch, hash)).or_default();
        let number = *seen;
        *seen += 1;
        // The first is known by its hash, and the others by one that is as good as drawn.
        hash.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The result of an item, if it is stored.
    fn take(&mut self, branch: Branch, id: Id, index: Option<u64>) -> Option<String> {
        let by_index = index.map(|index| (branch, Id::Index(index)));
        let (_, json) = self
            .results
            .remove(&(branch, id))
            .or_else(|| self.results.remove(&by_index?))?;
        Some(json)
    }

    /// A number to store an item under: its index, unless another item is stored under that.
    fn number(&mut self, branch: Branch, index: Option<u64>) -> ItemKey {
        let mut key = ItemKey {
            branch,
            item: index,
        };
        if key.item.is_some() && self.numbers.contains(&key) {
            let last = self
                .numbers
                .iter()
                .filter(|other| other.branch == branch)
                .filter_map(|other| other.item)
                .max();
            key.item = last.map(|last| last + 1);
        }
        self.numbers.insert(key);
        key
    }

    #[cfg(feature = "tracing")]
    /// How many results are stored that none of the step's items is known by.
    pub(crate) fn left_over(&self, step: u64) -> usize {
        if self.step == step {
            self.results.len()
        } else {
            0
        }
    }
}

/// An item as it is stored.
fn stored(id: Id, result: String) -> Result<String, serde_json::Error> {
    match id {
        Id::Branch | Id::Index(_) => Ok(result),
        Id::Item(identity) => {
            let identity = format!("{identity:016x}");
            serde_json::to_string(&Stored {
                identity,
                result: RawValue::from_string(result)?,
            })
        }
    }
}

/// What is kept of an item or a branch: all that serde reads and writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Serialize` and `Deserialize`: a durable run keeps what `exec` returns in a batch or a fork",
    label = "`{Self}` cannot be kept",
    note = "write `#[derive(Serialize, Deserialize)]` on `{Self}`"
)]
#[doc(hidden)]
pub trait Kept: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Kept for T {}

/// What an item is known by: all that serde writes of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Serialize`: a durable run knows the items of a batch by what they are",
    label = "an item of `{Self}` cannot be told from another",
    note = "write `#[derive(Serialize)]` on the type of the item"
)]
#[doc(hidden)]
pub trait Known: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Known for T {}

/// A node that is alone in its step is stored with the step.
impl<S, Here, N, E> KeepDriver<S, Here, N> for DurableRun<E>
where
    S: Durable,
    N: Node<S, Here>,
    for<'i> N::Item<'i>: Known,
    N::Exec: Kept,
    E: Storage,
{
    async fn item<C>(&self, at: &At<'_>, item: ItemId<'_>, mut call: C) -> Result<N::Exec, Error>
    where
        C: ItemCall<S, Here, N>,
    {
        let (step, branch) = (
            at.step(),
            at.branch_number()
                .and_then(|branch| u32::try_from(branch).ok()),
        );
        let index = item.index().map(|index| index as u64);
        let hashed = match item {
            ItemId::Branch => None,
            _ => Some(call.with_item(|item| hash(&item, Order::OfSequences))),
        };
        let hashed = hashed.transpose().map_err(|error: Unseen| {
            at.error(self.bad("store", &format!("what item {item} of `{at}` is"))(custom(error)))
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
                        "what `{at}` returned{} is kept, and is not what it returns now: {error}; drop what is kept with \
                         `Checkpoints::drop_items`, or with `pocketflow-runs drop-items {}`, to have it done again",
                        what(key),
                        self.id()
                    )
                };
                // The first say it all.
                let more = misfits.len().saturating_sub(20);
                let mut conflicts: Vec<_> = misfits.into_iter().take(20).map(conflict).collect();
                if more > 0 {
                    conflicts.push(format!("and {more} more of `{at}`"));
                }
                return Err(at.error(Changed {
                    run: self.id().to_owned(),
                    conflicts,
                }));
            }
            // Half of the hash tells the items of one step apart.
            let id = hashed.map_or(Id::Branch, |hash| {
                Id::Item(items.identity(branch, hash as u64))
            });
            (id, items.take(branch, id, index))
        };
        let bad = |doing| {
            move |source| at.error(self.bad(doing, &format!("what `{at}` returned"))(source))
        };
        if let Some(json) = kept {
            return read(&json).map_err(bad("read"));
        }
        if let Id::Item(identity) = id {
            call.identify(identity);
        }
        let exec = call.call().await?;
        let json = write_value(&exec)
            .and_then(|result| stored(id, result))
            .map_err(bad("store"))?;
        let key = self.memory().items.at(step).number(branch, index);
        self.keep(at, &key, &json).await?;
        Ok(exec)
    }
}
