//! The checks of what a node does with the store.

use crate::node::model::Model;
use crate::node::parse::Kind;
use crate::node::parse::options::Options;
use crate::refusal::Errors;

/// Where the node's value is stored.
pub(super) fn sinks(model: &Model, errors: &mut Errors) {
    let Options {
        writes, appends, ..
    } = &model.options;
    if let (Some(_), Some(field)) = (writes, appends) {
        errors.at(
            field,
            "a value goes to one place: `writes` sets a field, `appends` extends one",
        );
    }
    if let (Some(field), Some(_)) = (appends, &model.post) {
        errors.at(
            field,
            format!(
                "a node with a `post` extends its fields there: write `writes({field})` instead"
            ),
        );
    }
    let action = match &model.post {
        Some(_) => return,
        None => &model.exec.output,
    };
    let Some(writes) = writes.as_ref() else {
        return;
    };
    let returns_nothing = matches!(&action.ty, syn::Type::Tuple(tuple) if tuple.elems.is_empty());
    if returns_nothing {
        errors.on(
            writes.span,
            "the node returns nothing that could be written: let it return the value",
        );
    }
    for (index, field) in writes.fields.iter().enumerate() {
        if writes.fields[..index].contains(field) {
            errors.at(field, format!("`{field}` is named twice"));
        }
    }
}

/// A step that borrows the whole store cannot borrow anything else.
pub(super) fn whole_store(model: &Model, errors: &mut Errors) {
    let mut borrows_whole = false;
    for step in model.steps() {
        let whole = step
            .parameters
            .iter()
            .find(|p| matches!(p.kind, Kind::Shared | Kind::SharedMut));
        let Some(whole) = whole else { continue };
        borrows_whole = true;
        if step.has(|kind| matches!(kind, Kind::Field(_) | Kind::Peek(_) | Kind::FieldMut)) {
            errors.at(
                &whole.name,
                "`shared` is the whole store, so no other parameter can borrow a field of it",
            );
        }
    }
    if let (Some((span, _)), false) = (&model.options.reads, borrows_whole) {
        let message = "`reads(…)` is for a node that takes `shared`: any other reads what its parameters are named after";
        errors.on(*span, message);
    }
}
