//! What can be wrong with a node as a whole.

mod policy;
pub(super) use policy::needs_failure;
#[cfg(test)]
mod tests;

use proc_macro2::Span;

use super::model::{Form, Kind, Model, Step};
use super::options::{Given, Options, Width};
use super::parameters::text;
use super::types::{argument, borrows, same};
use crate::errors::Errors;

/// Checks a node.
pub(crate) fn check(model: &Model, errors: &mut Errors) {
    policy::policy(model, errors);
    sinks(model, errors);
    batch(model, errors);
    whole_store(model, errors);
    for step in [&model.prep, &model.post].into_iter().flatten() {
        plain(step, errors);
    }
    if let Some(post) = &model.post {
        if post.output.fallible {
            errors.at(
                &post.output.ty,
                "`post` cannot fail, so that a store is never left half-written\nhelp: do in `exec` what can fail",
            );
        }
        takes_result(model, post, errors);
        if model.keeps_prep()
            && model
                .prep
                .as_ref()
                .is_some_and(|prep| borrows(&prep.output.ty))
        {
            errors.at(
                &post.name,
                "`post` takes `prep`, which borrows the store: return from `prep` what owns its data, or leave it out of `post`",
            );
        }
    }
    if model.prep.is_none() {
        for step in [
            Some(&model.exec),
            model.fallback.as_ref(),
            model.post.as_ref(),
        ]
        .into_iter()
        .flatten()
        {
            for parameter in &step.parameters {
                if matches!(parameter.kind, Kind::Prep | Kind::PrepOwned) {
                    errors.at(
                        &parameter.name,
                        "this node has no `prep`: write one, or name each parameter after the field that it reads",
                    );
                }
            }
        }
    }
    if borrows(&model.exec.output.ty) {
        errors.at(
            &model.exec.output.ty,
            "what `exec` returns goes to the store: return a value that owns its data, such as a `String`",
        );
    }
    let borrowed = model.borrowed();
    for parameter in model
        .fallback
        .iter()
        .flat_map(|fallback| &fallback.parameters)
    {
        let other = borrowed
            .iter()
            .find(|other| other.name == parameter.name)
            .map(|other| &other.kind);
        match (other, &parameter.kind) {
            (Some(Kind::Field(a)), Kind::Field(b)) if !same(a, b) => errors.at(
                &parameter.name,
                format!(
                    "`exec` and `fallback` borrow the field `{}`: write the same type in both",
                    parameter.name
                ),
            ),
            _ => {}
        }
    }
}

/// A `post` that takes the whole `Result` of `exec`.
fn takes_result(model: &Model, post: &Step, errors: &mut Errors) {
    let exec = &model.exec.output;
    let taken = post
        .parameters
        .iter()
        .find(|parameter| matches!(parameter.kind, Kind::Exec | Kind::ExecRef));
    let Some(taken) = taken.filter(|_| exec.fallible) else {
        return;
    };
    let (borrow, ty) = match &taken.ty {
        syn::Type::Reference(reference) => ("&", &*reference.elem),
        ty => ("", ty),
    };
    if !same(ty, &exec.ty) {
        return;
    }
    let value = argument(&exec.ty).map_or_else(|| "_".into(), text);
    errors.at(
        &taken.ty,
        format!(
            "`post` takes what is in the `Ok` of `exec`: an `Err` is the failure of an attempt, and never gets here\n\
             help: write `exec: {borrow}{value}`\n\
             help: to pass the `Result` on as a value, return it in another: `Result<{}, std::convert::Infallible>`",
            text(&exec.ty)
        ),
    );
}

fn plain(step: &Step, errors: &mut Errors) {
    if step.is_async {
        let name = &step.name;
        errors.at(
            name,
            format!("`{name}` is a plain `fn`: what takes time belongs in `exec`, where it is tried again"),
        );
    }
}

/// What concerns batches alone.
fn batch(model: &Model, errors: &mut Errors) {
    let mut each = model
        .exec
        .parameters
        .iter()
        .filter(|parameter| matches!(parameter.kind, Kind::Each(_)));
    let first = each.next();
    for second in each {
        let message =
            "a batch runs over one collection: combine the two in a `prep`, or in an earlier node";
        errors.at(&second.name, message);
    }
    let refuse = |span: Span, wrong: &str, help: &str| {
        syn::Error::new(
            span,
            format!("PF010: {wrong}\nhelp: {help}\nnote: see `pocketflow::errors::PF010`"),
        )
    };
    match (first, &model.options.parallel) {
        // With another error, it may be there and wrong.
        (None, Some(given)) if errors.is_empty() => errors.push(refuse(
            given.name,
            "`parallel` is for a batch, and this node is not a batch",
            "mark the parameter that runs over a collection: `#[each(section_titles)] title: &str`",
        )),
        (
            Some(_),
            Some(Given {
                value: Width::Field(_),
                span,
                ..
            }),
        ) if matches!(model.form, Form::Function(..)) => {
            errors.push(syn::Error::new(
                *span,
                "a function has no fields: write a number, or the node as an `impl`, with a field of type `NonZeroUsize`",
            ));
        }
        (
            Some(_),
            Some(Given {
                value: Width::Items(0),
                span,
                ..
            }),
        ) => errors.push(refuse(
            *span,
            "with no item in flight, the batch never makes progress",
            "`parallel` is how many items are in flight at a time: write at least 1",
        )),
        (Some(_), Some(given)) if !model.exec.is_async => errors.push(refuse(
            given.name,
            "a plain `fn` cannot run in parallel: a call runs to its end before the next begins",
            "write `async fn`, or leave `parallel` out",
        )),
        _ => {}
    }
    let Some(each) = first else {
        if let Some(item) = model
            .parameters()
            .find(|parameter| matches!(parameter.kind, Kind::Item))
        {
            errors.at(
                &item.name,
                "this node is not a batch: mark the parameter of `exec` that runs over a collection",
            );
        }
        return;
    };
    if let Some(writes) = model
        .options
        .writes
        .as_ref()
        .filter(|writes| writes.tuple && model.post.is_none())
    {
        errors.push(syn::Error::new(
            writes.span,
            "a batch returns one value for each item: store them all in one field, with `writes = field`",
        ));
    }
    if model.prep.is_none() && model.each_field().is_none() {
        errors.at(
            &each.name,
            "this node has no `prep`: write one, or name the field that holds the items",
        );
    }
}

/// Where the value of the node goes.
fn sinks(model: &Model, errors: &mut Errors) {
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
        errors.push(syn::Error::new(
            writes.span,
            "the node returns nothing that could be written: let it return the value",
        ));
    }
    for (index, field) in writes.fields.iter().enumerate() {
        if writes.fields[..index].contains(field) {
            errors.at(field, format!("`{field}` is named twice"));
        }
    }
}

/// A step that borrows the whole store borrows nothing else.
fn whole_store(model: &Model, errors: &mut Errors) {
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
        errors.push(syn::Error::new(*span, message));
    }
}
