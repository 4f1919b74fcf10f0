//! Checks whether a graph is a flow at all.

use proc_macro2::Span;
use syn::ext::IdentExt;

use crate::flow::model::Model;
use crate::names::pascal;
use crate::refusal::{Errors, refuse};

/// A flow without a node.
pub(super) fn empty(model: &Model, errors: &mut Errors) {
    // If a node is declared, PF004 reports it.
    if !model.places.is_empty() || !model.unused.is_empty() {
        return;
    }
    let message = "a flow has at least one node: `first >> second;`, or `only;`";
    match &model.header {
        Some(header) => errors.at(&header.name, message),
        None => errors.on(Span::call_site(), message),
    }
}

/// A flow that contains itself, or that has the name of a function that is one of its nodes.
pub(super) fn recursion(model: &Model, errors: &mut Errors) {
    let Some(header) = &model.header else {
        return;
    };
    if model.hides_node() {
        let name = header.name.unraw().to_string();
        errors.at(
            &header.name,
            refuse(format!("the flow has the name of its node `{name}`"))
                .help(format!("give it another name, such as `{}`", pascal(&name))),
        );
    } else {
        for node in model.namesakes() {
            let refusal = refuse(format!("`{}` cannot contain itself", header.name));
            let refusal = match node.on {
                Some(_) => refusal.help("a node can visit stores inside stores in a loop"),
                None => refusal.help("to repeat its nodes, lead an edge back to one of them"),
            };
            errors.on(node.span(), refusal);
        }
    }
}

/// A flow without a node that says which store it runs on.
pub(super) fn only_waits(model: &Model, errors: &mut Errors) {
    if model.only_waits() {
        let waits = model.nodes().any(|node| node.waits_for().is_some());
        let word = if waits { "await" } else { "sleep" };
        let message = format!(
            "a flow that only waits does nothing: name a node before the `{word}` or after it"
        );
        errors.on(model.places[0].first, message);
    }
}
