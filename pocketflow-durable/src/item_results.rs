//! The stored results of the items of a batch and the branches of a fork, while their step is
//! running.
//!
//! An item is identified by its value, not by its index: when the same code runs again, the item
//! may have another index, in the order of another `HashMap`. So a hash of the item is stored with
//! its result, and the idempotency key contains that hash. A number distinguishes items that are
//! equal.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::state::encoding::read;

/// Which part of the step in progress an item is.
///
/// `branch` alone is a branch of a fork, `item` alone is an item of a batch, and both are an item
/// of a batch in a branch.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct ItemKey {
    /// The branch of a fork, counted from 0 in the order written.
    pub branch: Option<u32>,
    /// The item of a batch, counted from 0.
    pub item: Option<u64>,
}

/// The branch of the step, if it is a fork.
pub type Branch = Option<u32>;

/// An item as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredItem {
    /// Its identity, in hexadecimal.
    #[serde(rename = "$item")]
    identity: String,
    result: Box<RawValue>,
}

/// The items of the current step.
#[derive(Default)]
pub struct ItemResults {
    step: u64,
    /// The stored results that are not used yet.
    results: HashMap<(Branch, ItemIdentity), (ItemKey, String)>,
    /// The keys under which items are stored.
    numbers: HashSet<ItemKey>,
    /// The branches whose results have been checked.
    checked: BTreeSet<Branch>,
    /// How many items with each hash have been seen.
    seen: HashMap<(Branch, u64), u64>,
}

/// The identity of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemIdentity {
    /// A branch of a fork.
    Branch,
    /// An item of a batch: a hash of its value, with a number if the same value is there several times.
    Item(u64),
    /// Its index, which an older version of this crate stored.
    Index(u64),
}

impl ItemResults {
    /// The items of a step, as they are stored.
    pub fn new(step: u64, stored: Vec<(ItemKey, String)>) -> Self {
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

    /// Removes the items of another step.
    pub fn at(&mut self, step: u64) -> &mut Self {
        if self.step != step {
            *self = Self {
                step,
                ..Self::default()
            };
        }
        self
    }

    /// The stored results of a branch that do not fit the type that its node returns. Only the
    /// first call for a branch, before any of its items runs, returns them.
    pub fn misfits<T: DeserializeOwned>(
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

    /// The identity of an item among all items of the branch, including equal ones.
    pub fn identity(&mut self, branch: Branch, hash: u64) -> u64 {
        let seen = self.seen.entry((branch, hash)).or_default();
        let number = *seen;
        *seen += 1;
        // The first is identified by its hash, and the others by a pseudo-random number.
        hash.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The result of an item, if it is stored.
    pub fn take(&mut self, branch: Branch, id: ItemIdentity, index: Option<u64>) -> Option<String> {
        let by_index = index.map(|index| (branch, ItemIdentity::Index(index)));
        let (_, json) = self
            .results
            .remove(&(branch, id))
            .or_else(|| self.results.remove(&by_index?))?;
        Some(json)
    }

    /// The key to store an item under: its index, unless another item is stored under that index.
    pub fn number(&mut self, branch: Branch, index: Option<u64>) -> ItemKey {
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

    /// How many stored results belong to none of the step's items.
    pub fn left_over(&self, step: u64) -> usize {
        if self.step == step {
            self.results.len()
        } else {
            0
        }
    }
}

/// An item as it is stored.
pub fn stored_item(id: ItemIdentity, result: String) -> Result<String, serde_json::Error> {
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
