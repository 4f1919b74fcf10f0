//! The field that a flow of another store runs on.

use std::any::Any;

use super::write::KeepFailures;
use crate::run_error::Failed;

/// Implements `Summarize.each(documents, failures = problems)`: adds the failures of items to a field
/// of the store. The store is any type where a graph is concerned.
pub fn keep_failures<S: 'static, T: KeepFailures>(
    shared: &mut dyn Any,
    failures: Vec<Failed>,
    field: fn(&mut S) -> &mut T,
) {
    if let Some(shared) = shared.downcast_mut() {
        field(shared).keep(failures);
    }
}
