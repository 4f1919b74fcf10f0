//! A flow of another store that runs on a field of this one: `Investigate.on(facts)`.

use std::any::Any;

use super::Graph;
use crate::run_error::Failed;

/// The field that a flow of another store runs on, at a place such as `Investigate.on(facts)` or
/// `Summarize.each(documents, parallel = 8)`.
///
/// ```
/// use pocketflow::{Shared, flow, node};
///
/// #[derive(Shared, Default)] struct Document { text: String, words: Option<usize> }
/// #[derive(Shared, Default)] struct Library { preface: Document, documents: Vec<Document> }
///
/// #[node(Document, writes = words)] fn count(text: &str) -> usize { text.split(' ').count() }
/// flow! { Count: Document { count; } }
/// flow! { Digest: Library { Count.on(preface) >> Count.each(documents, parallel = 8); } }
///
/// let on = Digest::GRAPH.places[0].node.on.unwrap();
/// assert_eq!((on.graph.name, on.field), ("Count", "preface"));
/// let on = Digest::GRAPH.places[1].node.on.unwrap();
/// assert_eq!(on.each.unwrap().parallel, 8);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct OnField {
    /// The graph of the flow that runs there, the inner flow.
    pub graph: &'static Graph,
    /// The name of the field.
    pub field: &'static str,
    /// How the flow runs on every item of the field. `None` for `on`, which runs on the field
    /// itself.
    pub each: Option<Each>,
}

/// How a flow runs on every item of a collection.
#[derive(Debug, Clone, Copy)]
pub struct Each {
    /// How many items may be in flight at a time: 1 without the option, and [`usize::MAX`] for
    /// `parallel = unbounded`.
    pub parallel: usize,
    /// The field that collects the failures of items, for `failures = problems`.
    pub failures: Option<FailuresField>,
}

/// The field of the outer store that collects the failures of items.
#[derive(Debug, Clone, Copy)]
pub struct FailuresField {
    /// Its name.
    pub name: &'static str,
    /// Adds failures to it. The store is any type, because a graph names none.
    #[doc(hidden)]
    pub keep: fn(&mut dyn Any, Vec<Failed>),
}

impl OnField {
    /// The actions of the place: the exits of the flow, or `default` after all items.
    pub(crate) const fn actions(&self) -> &'static [&'static str] {
        match self.each {
            Some(_) => &["default"],
            None => self.graph.exits,
        }
    }
}

impl Each {
    /// So many items at a time.
    #[doc(hidden)]
    pub const fn at_a_time(parallel: usize) -> Self {
        Self {
            parallel,
            failures: None,
        }
    }

    /// Adds the option `failures`.
    #[doc(hidden)]
    #[must_use]
    pub const fn failing_into(
        self,
        name: &'static str,
        keep: fn(&mut dyn Any, Vec<Failed>),
    ) -> Self {
        Self {
            failures: Some(FailuresField { name, keep }),
            ..self
        }
    }
}
