//! The checks of a whole node: `pf010` for impossible policies, and one file each for batches, the
//! store and the steps.

mod batch;
mod pf010;
mod steps;
mod store;
#[cfg(test)]
mod tests;

pub(super) use self::pf010::{needs_failure, senseless};
use super::model::Model;
use crate::refusal::Errors;

/// Checks a node.
pub(crate) fn check(model: &Model, errors: &mut Errors) {
    pf010::policy(model, errors);
    store::sinks(model, errors);
    batch::one_collection(model, errors);
    pf010::parallel(model, errors);
    batch::batch(model, errors);
    store::whole_store(model, errors);
    steps::plain(model, errors);
    steps::post(model, errors);
    steps::missing_prep(model, errors);
    steps::borrowed_result(model, errors);
    steps::one_name(model, errors);
    steps::fallback(model, errors);
}
