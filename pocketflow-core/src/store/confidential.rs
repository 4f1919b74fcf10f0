//! What is confidential in the fields of a store.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{InnerStore, Shared};

/// What is confidential in a field of a store.
#[doc(hidden)]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ConfidentialPart {
    /// Nothing.
    #[default]
    Nothing,
    /// The members with these names, at any depth, in the stores that the field holds.
    Members(Arc<BTreeSet<&'static str>>),
    /// All of it.
    All,
}

impl ConfidentialPart {
    /// For each field of a store, what is confidential in it, whether a flow runs on the stores in the field or
    /// not.
    pub fn of<S: Shared>() -> Vec<Self> {
        let fields = S::STORE.fields.iter().enumerate();
        let part = |(index, field): (usize, &super::Field)| match field.redacted {
            true => Self::All,
            false => S::inner_store(index).map_or(Self::Nothing, Self::of_stores),
        };
        fields.map(part).collect()
    }

    /// That of a field that holds such stores.
    fn of_stores(inner: InnerStore) -> Self {
        let mut names = BTreeSet::new();
        match add_members(inner, &mut names, &mut Vec::new()) {
            true => Self::All,
            false if names.is_empty() => Self::Nothing,
            false => Self::Members(Arc::new(names)),
        }
    }
}

/// Adds the names of confidential members, those of stores in stores included. Returns whether one of them
/// has no name, because serde flattens it.
fn add_members(
    inner: InnerStore,
    names: &mut BTreeSet<&'static str>,
    known: &mut Vec<&'static str>,
) -> bool {
    // A store may contain stores of its own type.
    if known.contains(&inner.store.id) {
        return false;
    }
    known.push(inner.store.id);
    let mut all = false;
    for (index, field) in inner.store.fields.iter().enumerate() {
        if field.skipped {
            continue;
        }
        if !field.redacted {
            let deeper = (inner.inner)(index);
            all |= deeper.is_some_and(|deeper| add_members(deeper, names, known));
        } else if field.stored.starts_with("..") {
            all = true;
        } else {
            names.extend(field.names());
        }
    }
    all
}
