//! The checks of a batch.

use crate::node::model::{Form, Model};
use crate::node::parse::Kind;
use crate::node::parse::options::{Value, Width};
use crate::refusal::{Errors, refuse};

/// A second `#[each(…)]` in `exec`.
pub(super) fn one_collection(model: &Model, errors: &mut Errors) {
    let is_each = |kind: &Kind| matches!(kind, Kind::Each(_));
    let each = model.exec.parameters.iter().filter(|p| is_each(&p.kind));
    for second in each.skip(1) {
        let message =
            "a batch runs over one collection: combine the two in a `prep`, or in an earlier node";
        errors.at(&second.name, message);
    }
}

/// The other options and parameters of a batch.
pub(super) fn batch(model: &Model, errors: &mut Errors) {
    let Some((name, _)) = model.each() else {
        if let Some(field) = &model.options.failures {
            errors.at(
                field,
                refuse("`failures` is for a batch, and this node is not one")
                    .help("to run it for each item of a collection, mark the parameter that receives one: `#[each(field)] item: &Item`")
                    .help("to go on after a failure of this node, draw an error edge: `node - error(problem) >> …`"),
            );
        }
        if let Some(item) = model.parameters().find(|p| matches!(p.kind, Kind::Item)) {
            errors.at(
                &item.name,
                "this node is not a batch: mark the parameter of `exec` that receives one item of a collection: `#[each(field)] item: &Item`",
            );
        }
        return;
    };
    let width = model.options.parallel.as_ref();
    let field = width.filter(|given| matches!(given.value, Width::Items(Value::OfNode(_))));
    if let (Some(given), Form::Function(..)) = (field, &model.form) {
        errors.on(
            given.span,
            "a function has no fields: write a number, a field of the context, or the node as an `impl`, with a field of type `NonZeroUsize`",
        );
    }
    let writes = model.options.writes.as_ref();
    if let Some(writes) = writes.filter(|writes| writes.tuple && model.post.is_none()) {
        errors.on(
            writes.span,
            "a batch returns one value for each item: store them all in one field, with `writes = field`",
        );
    }
    if model.prep.is_none() && model.each_field().is_none() {
        errors.at(
            name,
            "this node has no `prep`: write one, or name the field that holds the items",
        );
    }
}
