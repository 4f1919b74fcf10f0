//! The checks that need only the tokens of one flow: one file for each code, and `names`,
//! `graph`, `on_field` and `pause` for the checks without a code.

mod graph;
mod names;
mod neighbours;
mod on_field;
mod pause;
mod pf003;
mod pf004;
mod pf005;
mod pf010;
#[cfg(test)]
mod tests;

use self::neighbours::Neighbours;
use super::model::Model;
use super::parse::Syntax;
use crate::refusal::Errors;

/// Checks a flow. `complete` says whether the parser could read all of it. If not, errors that a
/// missing edge could cause are not reported.
pub(crate) fn check(syntax: &Syntax, model: &Model, complete: bool, errors: &mut Errors) {
    names::declarations(syntax, errors);
    pf010::never_taken(syntax, errors);
    pf003::wired_twice(model, errors);
    names::forks(model, errors);
    names::exits(model, errors);
    on_field::twice(model, errors);
    on_field::parallel(model, errors);
    on_field::forks(model, errors);
    pause::forks(model, errors);
    pause::zero(model, errors);
    pf004::unused(model, errors);
    names::places(model, errors);
    graph::recursion(model, errors);
    graph::only_waits(model, errors);
    if !complete {
        return;
    }
    let neighbours = Neighbours::new(model);
    graph::empty(model, errors);
    // If the store could not be read, that has been reported.
    on_field::store(model, errors);
    pf004::unreachable(model, &neighbours, errors);
    pf005::never_ends(model, &neighbours, errors);
}
