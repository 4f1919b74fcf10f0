//! The description that the macro of a node or a flow generates.

use std::any::Any;
use std::time::Duration;

use super::{Each, NodeInfo, OnField, UNKNOWN};
use crate::action::ActionInfo;
use crate::run_error::InvalidPolicy;
use crate::store::Store;

/// A node or a flow, as its macro describes it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a node",
    label = "not the type of a node",
    note = "a node is `#[node(Store)]` on a function or on an `impl`"
)]
pub trait Describe {
    /// The description.
    const NODE: Description;
    /// The struct behind [`Reads`](crate::Reads), with what the node's `exec` reads.
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
pub trait NodeOrFlow {
    /// The description.
    const INFO: &'static Description;
}

#[diagnostic::do_not_recommend]
impl<N: Describe> NodeOrFlow for N {
    const INFO: &'static Description = &N::NODE.if_known();
}

/// A node's description. It names fields, and each flow looks the names up once for all its nodes.
/// Sets of fields here would need four more constants for each node, which would cost compile time.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Description {
    /// Its name.
    pub name: &'static str,
    /// The store it works on.
    pub store: &'static Store,
    /// The actions it returns.
    pub actions: &'static [ActionInfo],
    /// The fields that it reads and that must be filled before it runs.
    pub reads: &'static [&'static str],
    /// The fields that it may read, and that may still be empty when it runs.
    pub optional_reads: &'static [&'static str],
    /// The fields that are filled after it, whichever action it returns.
    pub writes: &'static [&'static str],
    /// The late fields that it sets or clears, whichever action it returns.
    pub maybe_writes: &'static [&'static str],
    /// The fields that its `post` may write, in addition to those that it fills.
    pub possible_writes: &'static [&'static str],
    /// Whether it may read every field.
    pub may_read_all: bool,
    /// Whether its `post` may write every field.
    pub may_write_all: bool,
    /// Whether its `prep` or its `exec` may fail.
    pub fails: bool,
    /// What handles all failures of its `exec`.
    pub handled: Option<Handled>,
    /// The late field that an `await(field)` waits for.
    pub waits: Option<&'static str>,
    /// How long the `await` waits.
    pub within: Option<Duration>,
    /// How long a `sleep` sleeps.
    pub sleeps: Option<Duration>,
    /// A flow that is used as a node.
    pub flow: Option<NodeInfo>,
    /// The field that a flow of another store runs on.
    pub on: Option<OnField>,
    /// Checks the policy of a node that the context configures.
    pub check: Option<CheckPolicy>,
}

/// What handles all failures of a node's `exec`, so that none leaves the node.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub enum Handled {
    /// A batch with `failures = field`.
    Failures,
    /// A fallback method that returns a plain value.
    Fallback,
}

/// Checks the policy of a node in a run, whose context is the argument.
#[doc(hidden)]
pub type CheckPolicy = fn(&dyn Any) -> Result<(), InvalidPolicy>;

impl Description {
    /// A node that the macro could not parse. The macro reports the errors, and no check adds to
    /// them. The description of every other node starts from this one.
    pub const UNKNOWN: Self = Self {
        name: "",
        store: UNKNOWN.store,
        actions: &[],
        reads: &[],
        optional_reads: &[],
        writes: &[],
        maybe_writes: &[],
        possible_writes: &[],
        may_read_all: false,
        may_write_all: false,
        fails: false,
        handled: None,
        waits: None,
        within: None,
        sleeps: None,
        flow: None,
        on: None,
        check: None,
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

    /// An `await(field)` with a deadline. The actions are those of [`ActionInfo::of_await`].
    #[must_use]
    pub const fn expiring(self, actions: &'static [ActionInfo; 2], within: Duration) -> Self {
        if self.waits.is_none() {
            return self;
        }
        Self {
            actions,
            writes: &[],
            within: Some(within),
            ..self
        }
    }

    /// A declared `sleep("1h")`.
    pub const fn sleeps(name: &'static str, store: &'static Store, time: Duration) -> Self {
        if store.name.is_empty() {
            return Self::UNKNOWN;
        }
        Self {
            name,
            store,
            actions: &[ActionInfo::DEFAULT],
            sleeps: Some(time),
            ..Self::UNKNOWN
        }
    }

    /// A flow that is used as a node.
    pub const fn of_flow(flow: NodeInfo) -> Self {
        // If the first node is unknown, nothing is known about the store.
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

    /// A flow of another store on a field of this one, or, with `each`, on every item of the field.
    ///
    /// It reads the field, which must be filled, and it may change what is in it. It may fail if the
    /// flow may, or if the flow has inputs, which may be empty in the inner store. Nothing is known
    /// about anything but a flow, which a check rejects.
    pub const fn on(
        flow: &Self,
        store: &'static Store,
        field: &'static str,
        each: Option<Each>,
    ) -> Self {
        let Some(inner) = flow.flow else {
            return Self::UNKNOWN;
        };
        let NodeInfo {
            name,
            flow: Some(graph),
            ..
        } = inner
        else {
            return Self::UNKNOWN;
        };
        let fails = inner.fails_on_field();
        let keeps_failures = match each {
            Some(each) => each.failures.is_some(),
            None => false,
        };
        Self {
            name,
            store,
            fails: fails && !keeps_failures,
            handled: if fails && keeps_failures {
                Some(Handled::Failures)
            } else {
                None
            },
            on: Some(OnField { graph, field, each }),
            ..Self::UNKNOWN
        }
    }

    /// What is known about the outcomes. That is nothing if the actions are
    /// [`ActionInfo::UNKNOWN`], or if one of them writes a field that the store does not have,
    /// which rustc reports.
    pub const fn if_known(self) -> Self {
        // A check reports a field to wait for that the store does not have.
        if self.waits.is_some() {
            return self;
        }
        let mut action = 0;
        while action < self.actions.len() {
            let ActionInfo {
                name,
                writes,
                maybe_writes,
                appends,
            } = self.actions[action];
            let known = self.store.has_all(writes)
                && self.store.has_all(maybe_writes)
                && self.store.has_all(appends);
            if name.is_empty() || !known {
                return Self::UNKNOWN;
            }
            action += 1;
        }
        self
    }

    /// The number of words in the largest set of fields of these nodes, and at least one.
    pub const fn words(all: &[&Self]) -> usize {
        let (mut words, mut index) = (1, 0);
        while index < all.len() {
            if all[index].store.words() > words {
                words = all[index].store.words();
            }
            index += 1;
        }
        words
    }

    /// The total number of sets of fields of all actions. A flow has one more, for the case that it
    /// fails.
    pub const fn action_count(all: &[&Self]) -> usize {
        let (mut count, mut index) = (0, 0);
        while index < all.len() {
            count += all[index].sets();
            index += 1;
        }
        count
    }

    /// The number of sets of fields of its actions.
    pub(super) const fn sets(&self) -> usize {
        match &self.flow {
            Some(flow) => flow.actions.len() + 1,
            None => self.actions(),
        }
    }

    /// The number of its actions.
    pub(super) const fn actions(&self) -> usize {
        match (&self.flow, &self.on) {
            (Some(flow), _) => flow.actions.len(),
            (None, Some(on)) => on.actions().len(),
            (None, None) => self.actions.len(),
        }
    }
}
