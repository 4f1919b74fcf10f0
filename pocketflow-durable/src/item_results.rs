//! The stored results of the items of a batch and the branches of a fork, while their step is
//! running.
//!
//! An item is identified by its value, not by its index: when the same code runs again, the item
//! may have another index, in the order of another `HashMap`. So a hash of the item is stored with
//! its result, and the idempotency key contains that hash. A number distinguishes items that are
//! equal.

use std::collections::{BTreeSet, HashMap, HashSet};

use pocketflow::StepInfo;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::causes::Changed;
use crate::items::{Branch, SeenItems, branch as branch_of, changed_results};
use crate::state::encoding::read;
use crate::stored_run::Hints;

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
    seen: SeenItems,
}

/// The identity of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ItemIdentity {
    /// A branch of a fork.
    Branch,
    /// An item of a batch: a hash of its value, with a number if the same value is there several times.
    Item(u64),
    /// Its index, which an older version of this crate stored.
    Index(u64),
}

/// An item of a batch or a branch of a fork that is about to run: see [`ItemResults::find`].
#[derive(Debug)]
pub struct FoundItem {
    branch: Branch,
    index: Option<u64>,
    identity: ItemIdentity,
    /// What it returned as JSON, if that is stored: it does not run again.
    pub result: Option<String>,
}

impl FoundItem {
    /// What identifies it in the keys of its attempts: see
    /// [`ItemCall::identify`](pocketflow::ItemCall::identify). A branch has none.
    pub fn identity(&self) -> Option<u64> {
        match self.identity {
            ItemIdentity::Item(identity) => Some(identity),
            ItemIdentity::Branch | ItemIdentity::Index(_) => None,
        }
    }

    /// Writes a result of it as JSON, together with its identity, as it is to be stored.
    ///
    /// # Errors
    ///
    /// `result` is not JSON.
    pub fn encode(&self, result: String) -> Result<String, serde_json::Error> {
        let Some(identity) = self.identity() else {
            return Ok(result);
        };
        let identity = format!("{identity:016x}");
        serde_json::to_string(&StoredItem {
            identity,
            result: RawValue::from_string(result)?,
        })
    }
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
    fn at(&mut self, step: u64) -> &mut Self {
        if self.step != step {
            *self = Self {
                step,
                ..Self::default()
            };
        }
        self
    }

    /// Finds an item or a branch of a step that is about to run. `hash` is the
    /// [hash](crate::item_hash) of an item, and `index` its place in the list.
    ///
    /// # Errors
    ///
    /// The stored results of the node do not fit the type that it returns now. Only the first call for a
    /// branch, before any of its items runs, finds that out.
    pub fn find<T: DeserializeOwned>(
        &mut self,
        run: &str,
        info: &StepInfo<'_>,
        hash: Option<u64>,
        index: Option<usize>,
        hints: Hints,
    ) -> Result<FoundItem, Changed> {
        let (step, branch) = (info.step(), branch_of(info));
        let items = self.at(step);
        let misfits = items.misfits::<T>(branch);
        if !misfits.is_empty() {
            return Err(changed_results(run, info, misfits, hints));
        }
        let index = index.map(|index| index as u64);
        let identity = hash.map_or(ItemIdentity::Branch, |hash| {
            ItemIdentity::Item(items.seen.identity(step, branch, hash))
        });
        let result = items.take(branch, identity, index);
        Ok(FoundItem {
            branch,
            index,
            identity,
            result,
        })
    }

    /// The stored results of a branch that do not fit the type, with the indexes of their items.
    fn misfits<T: DeserializeOwned>(
        &mut self,
        branch: Branch,
    ) -> Vec<(Option<u64>, serde_json::Error)> {
        if !self.checked.insert(branch) {
            return Vec::new();
        }
        let results = self.results.iter().filter(|((of, _), _)| *of == branch);
        let read = results.filter_map(|(_, (key, json))| Some((key.item, read::<T>(json).err()?)));
        let mut misfits: Vec<_> = read.collect();
        misfits.sort_by_key(|(item, _)| *item);
        misfits
    }

    /// The result of an item, if it is stored.
    fn take(&mut self, branch: Branch, id: ItemIdentity, index: Option<u64>) -> Option<String> {
        let by_index = index.map(|index| (branch, ItemIdentity::Index(index)));
        let (_, json) = self
            .results
            .remove(&(branch, id))
            .or_else(|| self.results.remove(&by_index?))?;
        Some(json)
    }

    /// The key to store an item under: its index, unless another item is stored under that index.
    pub fn number(&mut self, step: u64, item: &FoundItem) -> ItemKey {
        let items = self.at(step);
        let mut key = ItemKey {
            branch: item.branch,
            item: item.index,
        };
        if key.item.is_some() && items.numbers.contains(&key) {
            let last = items
                .numbers
                .iter()
                .filter(|other| other.branch == key.branch)
                .filter_map(|other| other.item)
                .max();
            key.item = last.map(|last| last + 1);
        }
        items.numbers.insert(key);
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
