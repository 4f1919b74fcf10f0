//! What the macro of a node or of a flow says of it.

use super::{NodeInfo, UNKNOWN};
use crate::action::ActionInfo;
use crate::store::Store;

/// A node or a flow, as its macro describes it.
#[doc(hidden)]
pub trait Describe {
    /// The description.
    const NODE: Description;
    /// What the `exec` of a node reads: the struct behind [`Reads`](crate::Reads).
    type Reads<'a>;
}

/// A type with a description. It is a separate trait so that rustc's message about a type without
/// one does not list every node of the crate: `#![no_implicit_prelude]` hides the attribute for that
/// in generated code.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a node",
    label = "only a node or a flow can be a step of a flow",
    note = "put `#[node(Store)]` on its function or its `impl`"
)]
pub trait Stands {
    /// The description.
    const INFO: &'static Description;
}

#[diagnostic::do_not_recommend]
impl<N: Describe> Stands for N {
    const INFO: &'static Description = &N::NODE.if_known();
}

/// A node's description. It names fields, and each flow looks them up once for all its nodes: sets of
/// fields here would be four more constants for each node, which cost compile time.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Description {
    /// Its name.
    pub name: &'static str,
    /// The store it works on.
    pub store: &'static Store,
    /// The actions it returns.
    pub actions: &'static [ActionInfo],
    /// Fields that it reads and that must be filled before.
    pub reads: &'static [&'static str],
    /// Fields that it may read, and that may be empty before.
    pub optional_reads: &'static [&'static str],
    /// Fields that are filled after it, whatever its action.
    pub writes: &'static [&'static str],
    /// Fields that its `post` may write, beside those that it fills.
    pub possible_writes: &'static [&'static str],
    /// Whether it may read every field.
    pub may_read_all: bool,
    /// Whether its `post` may write every field.
    pub may_write_all: bool,
    /// The late field that an `await(field)` waits for.
    pub waits: Option<&'static str>,
    /// A flow that is used as a node.
    pub flow: Option<NodeInfo>,
}

impl Description {
    /// A node that could not be read. The macro reports its errors, and no check adds to them. The
    /// description of any other node starts from this.
    pub const UNKNOWN: Self = Self {
        name: "",
        store: UNKNOWN.store,
        actions: &[],
        reads: &[],
        optional_reads: &[],
        writes: &[],
        possible_writes: &[],
        may_read_all: false,
        may_write_all: false,
        waits: None,
        flow: None,
    };

    /// An `await(field)`.
    pub const fn awaits(
        name: &'static str,
        store: &'static Store,
        field: &'static [&'static str; 1],
    ) -> Self {
        if store.name.is_empty() {
            return Self::UNKNOWN;
        }
        let actions = &[ActionInfo::DEFAULT];
        Self {
            name,
            store,
            actions,
            writes: field,
            waits: Some(field[0]),
            ..Self::UNKNOWN
        }
    }

    /// A flow that is used as a node.
    pub const fn of_flow(flow: NodeInfo) -> Self {
        // Of what its store is, nothing is known where its first node is not.
        if flow.is_unknown() {
            return Self::UNKNOWN;
        }
        Self {
            name: flow.name,
            store: flow.store,
            flow: Some(flow),
            ..Self::UNKNOWN
        }
    }

    /// What is known: nothing, where the actions are those of [`ActionInfo::UNKNOWN`], or one of
    /// them writes a field that the store does not have, which rustc says.
    pub const fn if_known(self) -> Self {
        let mut action = 0;
        while action < self.actions.len() {
            let ActionInfo { name, writes } = self.actions[action];
            let mut field = 0;
            while field < writes.len() {
                if self.store.field(writes[field]).is_none() {
                    return Self::UNKNOWN;
                }
                field += 1;
            }
            if name.is_empty() {
                return Self::UNKNOWN;
            }
            action += 1;
        }
        self
    }

    /// How many words the largest set of fields takes that any of these has.
    pub const fn words(all: &[&Self]) -> usize {
        let (mut words, mut index) = (0, 0);
        while index < all.len() {
            if all[index].store.words() > words {
                words = all[index].store.words();
            }
            index += 1;
        }
        words
    }

    /// How many actions all of these have together.
    pub const fn action_count(all: &[&Self]) -> usize {
        let (mut count, mut index) = (0, 0);
        while index < all.len() {
            count += all[index].actions();
            index += 1;
        }
        count
    }

    /// How many actions it has.
    pub(super) const fn actions(&self) -> usize {
        match &self.flow {
            Some(flow) => flow.actions.len(),
            None => self.actions.len(),
        }
    }
}
