//! Flows on fields: the store that the flow has to name, options, and forks.

use crate::flow::model::Model;
use crate::flow::parse::Width;
use crate::refusal::{Code, Errors, refuse};

/// A flow that runs another one on a field, and does not name its store.
pub(super) fn store(model: &Model, errors: &mut Errors) {
    if model.names_store() {
        return;
    }
    let Some((node, on)) = model.on_fields().next() else {
        return;
    };
    let label = &node.label;
    let inputs = model.header.iter().flat_map(|header| &header.inputs);
    let inputs: Vec<_> = inputs.map(ToString::to_string).collect();
    let (inputs, what) = match &inputs[..] {
        [] => (String::new(), "the name"),
        inputs => (format!("({})", inputs.join(", ")), "the inputs"),
    };
    let refusal = match &model.header {
        Some(header) => refuse(format!(
            "a flow that runs another one on a field names its store, so that `{label}` means a field of it"
        ))
        .help(format!("write the store after {what}: `{}{inputs}: Store {{ … }}`", header.name)),
        None => refuse(format!(
            "a flow that is an expression cannot run another one on a field: it has no place for the store of `{label}`"
        ))
        .help("declare the flow as an item that names its store: `flow! { pub Name: Store { … } }`"),
    };
    errors.at(on.field.as_ref().unwrap_or(&on.method), refusal);
}

/// Options that are written twice, and a field for a declared flow that has one.
pub(super) fn twice(model: &Model, errors: &mut Errors) {
    for again in &model.again {
        let refusal = refuse(format!("`{}` has its options already", again.label))
            .help("write them once, at any mention of the place")
            .help(format!(
                "if this is meant to be another place, declare it: `again: {};`",
                again.label
            ));
        errors.on(again.span, refusal);
    }
    for name in &model.on_twice {
        let refusal = refuse(format!("`{name}` is declared with its field")).help(format!(
            "name it alone, `{name}`, or leave the field out of the declaration"
        ));
        errors.at(name, refusal);
    }
}

/// PF010: `parallel = 0`.
pub(super) fn parallel(model: &Model, errors: &mut Errors) {
    for (_, on) in model.on_fields() {
        if let Some(Width::Items(0, span)) = on.options.parallel {
            let refusal = Code::PF010
                .refuse("with no item in flight, the flow never makes progress")
                .help("`parallel` is how many items are in flight at a time: write at least 1");
            errors.on(span, refusal);
        }
    }
}

/// PF012: a fork that has both nodes and flows on fields.
pub(super) fn forks(model: &Model, errors: &mut Errors) {
    for place in model.places.iter().filter(|place| place.is_mixed_fork()) {
        let mut nodes = place.nodes.iter();
        let (Some(flow), Some(node)) = (
            nodes.clone().find(|node| node.on.is_some()),
            nodes.find(|node| node.on.is_none()),
        ) else {
            continue;
        };
        let (name, flow) = (&node.label, &flow.label);
        let refusal = Code::PF012
            .refuse(format!(
                "`{name}` is in a fork with `{flow}`, which runs on a field: `{name}` would borrow the store while the flow changes it"
            ))
            .help(format!(
                "let a flow of its own store run on a field there as well, or write `{name}` before the fork or after it"
            ));
        errors.on(node.span(), refusal);
    }
}
