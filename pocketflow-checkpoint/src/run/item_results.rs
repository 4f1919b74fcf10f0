//! What is kept of the items of a batch and of the branches of a fork, while their step is at work.
//!
//! An item is known by what it is, not by its place in the list: the same code may list it
//! elsewhere when it runs again, in the order of another `HashMap`. So a hash of it is kept with
//! its result, and the idempotency key is made of that hash. Of items that are equal, the first is
//! known from the second by their number.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::state::encoding::read;
use crate::storage::ItemKey;

/// The branch of the step, if it is a fork.
pub(super) type Branch = Option<u32>;

/// An item as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredItem {
    /// Its identity, in hexadecimal.
    #[serde(rename = "$item")]
    identity: String,
    result: Box<RawValue>,
}

/// The items of the step at hand.
#[derive(Default)]
pub(crate) struct ItemResults {
    step: u64,
    /// The results that are stored, and not used yet.
    results: HashMap<(Branch, ItemIdentity), (ItemKey, String)>,
    /// The numbers under which items are stored.
    numbers: HashSet<ItemKey>,
    /// The branches whose results have been read, to see that they fit.
    checked: BTreeSet<Branch>,
    /// How many items with the same hash have been seen.
    seen: HashMap<(Branch, u64), u64>,
}

/// What an item is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ItemIdentity {
    Branch,
    Item(u64),
    /// Its index: so an older version of this crate kept it.
    Index(u64),
}

impl ItemResults {
    /// The items of a step, as they are stored.
    pub(crate) fn new(step: u64, stored: Vec<(ItemKey, String)>) -> Self {
        let mut kept = Self {
            step,
            ..Self::default()
        };
        for (key, json) in stored {
            kept.numbers.insert(key);
            let (id, json) = match key.item {
                None => (ItemIdentity::Branch, json),
                Some(index) => match serde_json::from_str::<StoredItem>(&json) {
                    Ok(StoredItem { identity, result }) => match u64::from_str_radix(&identity, 16)
                    {
                        Ok(identity) => (ItemIdentity::Item(identity), result.get().to_owned()),
                        Err(_) => (ItemIdentity::Index(index), json),
                    },
                    Err(_) => (ItemIdentity::Index(index), json),
                },
            };
            kept.results.insert((key.branch, id), (key, json));
        }
        kept
    }

    /// Forgets what belongs to another step.
    pub(super) fn at(&mut self, step: u64) -> &mut Self {
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
    pub(super) fn misfits<T: DeserializeOwned>(
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
    pub(super) fn identity(&mut self, branch: Branch, hash: u64) -> u64 {
        let seen = self.seen.entry((branch, hash)).or_default();
        let number = *seen;
        *seen += 1;
        // The first is known by its hash, and the others by one that is as good as drawn.
        hash.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The result of an item, if it is stored.
    pub(super) fn take(
        &mut self,
        branch: Branch,
        id: ItemIdentity,
        index: Option<u64>,
    ) -> Option<String> {
        let by_index = index.map(|index| (branch, ItemIdentity::Index(index)));
        let (_, json) = self
            .results
            .remove(&(branch, id))
            .or_else(|| self.results.remove(&by_index?))?;
        Some(json)
    }

    /// A number to store an item under: its index, unless another item is stored under that.
    pub(super) fn number(&mut self, branch: Branch, index: Option<u64>) -> ItemKey {
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
pub(super) fn stored(id: ItemIdentity, result: String) -> Result<String, serde_json::Error> {
    match id {
        ItemIdentity::Branch | ItemIdentity::Index(_) => Ok(result),
        ItemIdentity::Item(identity) => {
            let identity = format!("{identity:016x}");
            serde_json::to_string(&StoredItem {
                identity,
                result: RawValue::from_string(result)?,
            })
        }
    }
}
