//! The state of a run, as its object stores it.
//!
//! `meta` says where the run is, and is small. `store` is the shared store. `log` is what is recorded
//! of the step in progress. It is there only while that step is interrupted: the run waits, has failed,
//! or is cancelled.

mod fold;
mod log;
mod meta;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(crate) use fold::Next;
use log::Inner;
pub(crate) use log::Log;
pub(crate) use meta::{Meta, Stored};

use pocketflow_durable::encoding;

use crate::pump::Json;

/// The keys of the object's state.
pub(crate) mod key {
    /// A [`Meta`](super::Meta).
    pub(crate) const META: &str = "meta";
    /// The store: an object with its fields.
    pub(crate) const STORE: &str = "store";
    /// The log, which may be too large for one value.
    pub(crate) fn log(part: usize) -> String {
        match part {
            0 => "log".to_owned(),
            part => format!("log/{part}"),
        }
    }
    /// The id of the invocation that executes a burst.
    pub(crate) const BURST: &str = "burst";
    /// The awakeables of those who wait for the run's end.
    pub(crate) const WAITERS: &str = "waiters";
}

/// The fields of a store, as JSON.
pub(crate) type Fields = BTreeMap<String, Json>;

/// A run, while a handler works on it.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) meta: Meta,
    pub(crate) store: Fields,
    pub(crate) log: Log,
    /// Whether the store differs from what is stored.
    pub(crate) store_changed: bool,
}

impl Run {
    /// What is stored of a run. `log` is its text, in parts.
    pub(crate) fn read(meta: Meta, store: &str, log: &str) -> Result<Self, serde_json::Error> {
        Ok(Self {
            meta,
            store: serde_json::from_str(store)?,
            log: match log {
                "" => Log::default(),
                log => serde_json::from_str(log)?,
            },
            store_changed: false,
        })
    }

    /// How many bytes the store takes.
    pub(crate) fn size(&self) -> usize {
        self.store.values().map(|json| json.text().len()).sum()
    }

    /// The store, and those of the inner runs that are in progress.
    pub(crate) fn stores(&self) -> impl Iterator<Item = &Fields> {
        let inner = self.log.inner.values().map(|inner| &inner.store);
        std::iter::once(&self.store).chain(inner)
    }

    /// The store as it is stored.
    pub(crate) fn store(&self) -> String {
        text(&self.store)
    }
}

/// The store as people read it: the members of a field with `flatten` are members of the store, as they are in the request
/// that starts a run. [`StateReader`](pocketflow_durable::StateReader) reads both forms.
pub(crate) fn flattened(fields: &Fields) -> Fields {
    let mut flat = Fields::new();
    let mut inner = Vec::new();
    for (name, json) in fields {
        let members = name.starts_with("..") && encoding::ron(json.text()).is_none();
        let members = members.then(|| serde_json::from_str::<Fields>(json.text()).ok());
        match members.flatten() {
            Some(members) => inner.push((name, json, members)),
            None => drop(flat.insert(name.clone(), json.clone())),
        }
    }
    for (name, json, members) in inner {
        // No member may hide another one.
        match members.keys().any(|member| flat.contains_key(member)) {
            true => drop(flat.insert(name.clone(), json.clone())),
            false => flat.extend(members),
        }
    }
    flat
}

/// The text of fields.
pub(crate) fn text(fields: &Fields) -> String {
    serde_json::to_string(fields).expect("texts are JSON")
}
