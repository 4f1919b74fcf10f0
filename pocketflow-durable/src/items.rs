//! The items of a batch and the branches of a fork: what their types must implement, and how an item is
//! known.

use std::collections::HashMap;

use pocketflow::{ItemCall, ItemId, Node, StepInfo};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::causes::Changed;
use crate::state::hash::{HashError, OrderMatters, hash};
use crate::stored_run::Hints;

/// The branch of the step, if it is a fork.
pub type Branch = Option<u32>;

/// A result that can be stored: any type that serde reads and writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Serialize` and `Deserialize`: a durable run keeps what `exec` returns in a batch or a fork",
    label = "`{Self}` cannot be kept",
    note = "write `#[derive(Serialize, Deserialize)]` on `{Self}`"
)]
#[doc(hidden)]
pub trait Kept: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Kept for T {}

/// An item that can be identified: any type that serde writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Serialize`: a durable run knows the items of a batch by what they are",
    label = "an item of `{Self}` cannot be distinguished from another",
    note = "write `#[derive(Serialize)]` on the type of the item"
)]
#[doc(hidden)]
pub trait Known: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Known for T {}

/// The branch of a step, if it is a fork.
pub fn branch(info: &StepInfo<'_>) -> Branch {
    let branch = info.branch_number()?;
    u32::try_from(branch).ok()
}

/// The hash of an item, by which it is known when the step runs again. A branch of a fork has none.
///
/// # Errors
///
/// Serde cannot serialize the item.
pub fn item_hash<S, Marker, N, C>(item: ItemId<'_>, call: &mut C) -> Result<Option<u64>, HashError>
where
    S: 'static,
    N: Node<S, Marker>,
    for<'i> N::Item<'i>: Known,
    C: ItemCall<S, Marker, N>,
{
    if item == ItemId::Branch {
        return Ok(None);
    }
    let hash = call.with_item(|item| hash(&item, OrderMatters::InSequences))?;
    // Half of the hash is enough to distinguish the items of one step.
    Ok(Some(hash as u64))
}

/// The items of the current step that have been seen, some of which may be equal.
#[derive(Debug, Default)]
pub struct SeenItems {
    step: u64,
    /// How many items with each hash.
    seen: HashMap<(Branch, u64), u64>,
}

impl SeenItems {
    /// Identifies the next item with this [hash](item_hash) among all items of the branch, including
    /// equal ones. It is what [`identify`](ItemCall::identify) takes.
    pub fn identity(&mut self, step: u64, branch: Branch, hash: u64) -> u64 {
        if self.step != step {
            self.step = step;
            self.seen.clear();
        }
        let seen = self.seen.entry((branch, hash)).or_default();
        let number = *seen;
        *seen += 1;
        // The first is identified by its hash, and the others by a pseudo-random number.
        hash.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// The error of stored results that do not fit what the node at this place returns now. Each comes with
/// the index of its item, unless it is that of a branch.
pub fn changed_results(
    run: &str,
    info: &StepInfo<'_>,
    misfits: Vec<(Option<u64>, serde_json::Error)>,
    hints: Hints,
) -> Changed {
    // The first ones are enough.
    const MOST: usize = 20;
    let again = (hints.run_again)("items", run);
    let more = misfits.len().saturating_sub(MOST);
    let misfits = misfits.into_iter().take(MOST);
    let mut conflicts: Vec<_> = misfits
        .map(|(item, error)| {
            let item = item.map_or_else(String::new, |item| format!(" for item {item}"));
            format!("the stored result of `{info}`{item} does not fit what it returns now: {error}; {again}")
        })
        .collect();
    if more > 0 {
        conflicts.push(format!("and {more} more of `{info}`"));
    }
    Changed {
        run: run.to_owned(),
        conflicts,
        help: hints.changed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_items_are_told_apart_in_their_order() {
        let (mut seen, mut again) = (SeenItems::default(), SeenItems::default());
        let order = [(None, 7), (None, 7), (None, 8), (Some(1), 7), (None, 7)];
        let first = order.map(|(branch, hash)| seen.identity(1, branch, hash));
        assert_eq!(first[0], 7, "what is stored is found by its hash");
        assert_eq!(first[3], 7, "each branch counts its own");
        assert_eq!(
            first
                .iter()
                .collect::<std::collections::BTreeSet<_>>()
                .len(),
            4
        );
        let mixed = [(None, 8), (None, 7), (None, 7), (None, 7)];
        let mixed = mixed.map(|(branch, hash)| again.identity(1, branch, hash));
        assert_eq!(mixed, [first[2], first[0], first[1], first[4]]);
        assert_eq!(seen.identity(2, None, 7), 7, "another step begins anew");
    }
}
