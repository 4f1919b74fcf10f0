//! The input of a new run, as it is recorded.

use std::collections::BTreeMap;

use pocketflow::{Field, Graph, Store};
use pocketflow_durable::encoding::custom;
use pocketflow_durable::hash::{OrderMatters, hash};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::pump::Json;
use crate::state::Fields;

/// A new run.
///
/// When a handler is replayed, it must store what it has stored before. The text of a store is not the same
/// each time: the entries of a `HashMap` have another order in each process, and a default may be a random
/// number. A store may also be large, and the journal has it already, in the request. So the fields that the
/// request has in the same form are taken from there, and the others are recorded.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Input {
    pub(crate) definition: Json,
    /// A hash of the request: see [`request`].
    pub(crate) request: String,
    /// The path of the first step.
    pub(crate) at: Option<String>,
    /// The fields that are recorded.
    fields: Fields,
    /// The fields that are taken from the request, with their names in it.
    given: BTreeMap<String, String>,
}

impl Input {
    /// `store` is the text of the store that was made of the request with the fields `given`.
    pub(crate) fn new(
        definition: Json,
        request: String,
        at: Option<String>,
        store: &str,
        declared: &[Field],
        given: &BTreeMap<String, Box<RawValue>>,
    ) -> Result<Self, serde_json::Error> {
        let mut fields: Fields = serde_json::from_str(store)?;
        let mut taken = BTreeMap::new();
        for field in declared {
            let names = given.iter().filter(|(name, _)| {
                let mut names = field.names();
                names.any(|other| other == *name)
            });
            for (name, text) in names {
                let Some(made) = fields.get(field.stored) else {
                    break;
                };
                if is_same(made.text(), text.get())? {
                    fields.remove(field.stored);
                    taken.insert(field.stored.to_owned(), name.clone());
                }
            }
        }
        Ok(Self {
            definition,
            request,
            at,
            fields,
            given: taken,
        })
    }

    /// The store. `body` is the request.
    pub(crate) fn store(mut self, body: &[u8]) -> Result<Fields, serde_json::Error> {
        if self.given.is_empty() {
            return Ok(self.fields);
        }
        let mut given: Fields = serde_json::from_slice(body)?;
        for (stored, name) in self.given {
            let text = given.remove(&name);
            self.fields.extend(text.map(|text| (stored, text)));
        }
        Ok(self.fields)
    }
}

/// The names in JSON of the fields that a flow reads and that none of its nodes writes, and no wait fills.
pub(crate) fn inputs(flow: &Graph, store: &Store) -> Vec<&'static str> {
    let (mut read, mut written) = (
        vec![false; store.fields.len()],
        vec![false; store.fields.len()],
    );
    mark(flow, store, &mut read, &mut written);
    let fields = store.fields.iter().zip(read.iter().zip(written));
    let inputs = fields.filter(|(field, (read, written))| **read && !written && !field.skipped);
    inputs.map(|(field, _)| field.stored).collect()
}

/// Marks the fields that the nodes of a flow read and may write. A node that reads a field in order to change it, such as a
/// counter, reads it as well.
fn mark(flow: &Graph, store: &Store, read: &mut [bool], written: &mut [bool]) {
    let words = store.fields.len().div_ceil(64).max(1);
    let marks = |sets: &[u64], marked: &mut [bool]| {
        for words in sets.chunks(words) {
            for (index, mark) in marked.iter_mut().enumerate() {
                *mark |= words
                    .get(index / 64)
                    .is_some_and(|word| word >> (index % 64) & 1 == 1);
            }
        }
    };
    for place in flow.places {
        let branches = place.fork.iter().map(|branch| &branch.node);
        for node in [&place.node].into_iter().chain(branches) {
            if let Some(nested) = node.flow {
                mark(nested, store, read, written);
                continue;
            }
            marks(node.reads, read);
            marks(node.possible_writes, written);
            if let Some(field) = node.waits.and_then(|field| store.field(field)) {
                written[field] = true;
            }
        }
    }
}

/// A hash of a request. A run that is started again with the same request has the same input, whatever is
/// made of it.
pub(crate) fn request(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let hash = hash(&*text, OrderMatters::Everywhere).expect("texts have a hash");
    format!("{hash:032x}")
}

/// Whether two texts are the same value. The elements of a `HashMap` or a `HashSet` may have another order.
fn is_same(made: &str, given: &str) -> Result<bool, serde_json::Error> {
    if made == given {
        return Ok(true);
    }
    let hash = |text: &str| -> Result<u128, serde_json::Error> {
        let value: Value = serde_json::from_str(text)?;
        hash(&value, OrderMatters::Nowhere).map_err(custom)
    };
    Ok(hash(made)? == hash(given)?)
}
