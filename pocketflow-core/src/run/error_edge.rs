//! What becomes of a failure at a place that has an error edge.

use crate::driver::Frame;
use crate::run_error::{Error, Failed};
use crate::store::Shared;

/// Follows the error edge of a place, if it has one and the error is the failure of a node. Returns
/// the number of the error edge among the ways out of the place, and fills its field.
///
/// # Errors
///
/// Returns any other error. The error of a driver ends the run, because its cause is not in the flow:
/// a step limit, a lost lease, or a storage that does not answer. So does an error that a mistake in
/// the program causes: a late field that a `post` has left empty, or a missing runtime.
#[cold]
pub(super) fn follow_error<S: Shared>(
    frame: &Frame<'_>,
    error: Error,
    shared: &mut S,
) -> Result<usize, Error> {
    let site = frame.site;
    let graph = site.graph();
    let Some(edge) = graph.error_edge(site.place).filter(|_| error.is_failure()) else {
        return Err(error);
    };
    let field = edge.field.and_then(|field| S::STORE.field(field));
    if let Some(slot) = field.and_then(|field| shared.failure_slot(field)) {
        *slot = Some(Failed::of_place(&error, frame.depth()));
    }
    Ok(graph.places[site.place].node.actions.len())
}
