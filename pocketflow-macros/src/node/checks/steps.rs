//! The checks of what the steps of a node return and receive.

use crate::names::type_text as text;
use crate::node::model::Model;
use crate::node::parse::{Borrow, Context, Kind, Parameter, Step};
use crate::refusal::{Errors, refuse};
use crate::types::{argument, borrows, same};

/// Only `exec` and `fallback` may be `async`.
pub(super) fn plain(model: &Model, errors: &mut Errors) {
    for step in [&model.prep, &model.post].into_iter().flatten() {
        if step.is_async {
            let name = &step.name;
            errors.at(
                name,
                format!("`{name}` is a plain `fn`: what takes time belongs in `exec`, where it is tried again"),
            );
        }
    }
}

/// What `post` receives and returns.
pub(super) fn post(model: &Model, errors: &mut Errors) {
    let Some(post) = &model.post else { return };
    if post.output.fallible {
        errors.at(
            &post.output.ty,
            refuse("`post` cannot fail, so that a store is never left half-written")
                .help("do in `exec` what can fail"),
        );
    }
    takes_result(model, post, errors);
    let prep = model.prep.as_ref().filter(|_| model.keeps_prep());
    if prep.is_some_and(|prep| borrows(&prep.output.ty)) {
        errors.at(
            &post.name,
            "`post` takes `prep`, which borrows the store: return from `prep` what owns its data, or leave it out of `post`",
        );
    }
}

/// A `post` that receives the whole `Result` of `exec`.
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
        refuse("`post` takes what is in the `Ok` of `exec`: an `Err` is the failure of an attempt, and never gets here")
            .help(format!("write `exec: {borrow}{value}`"))
            .help(format!(
                "to pass the `Result` on as a value, return it in another: `Result<{}, std::convert::Infallible>`",
                text(&exec.ty)
            )),
    );
}

/// A parameter `prep` in a node without that step.
pub(super) fn missing_prep(model: &Model, errors: &mut Errors) {
    if model.prep.is_some() {
        return;
    }
    for parameter in model.parameters() {
        if matches!(parameter.kind, Kind::Prep | Kind::PrepOwned) {
            errors.at(
                &parameter.name,
                "this node has no `prep`: write one, or name each parameter after the field that it reads",
            );
        }
    }
}

/// An `exec` that returns a borrowed value.
pub(super) fn borrowed_result(model: &Model, errors: &mut Errors) {
    if borrows(&model.exec.output.ty) {
        errors.at(
            &model.exec.output.ty,
            "what `exec` returns goes to the store: return a value that owns its data, such as a `String`",
        );
    }
}

/// A field of the store and one of the context under one name.
pub(super) fn one_name(model: &Model, errors: &mut Errors) {
    let is_of_context = |parameter: &Parameter| matches!(parameter.kind, Kind::Context(_));
    let is_of_store = |parameter: &Parameter| {
        matches!(
            parameter.kind,
            Kind::Field(_) | Kind::Peek(_) | Kind::FieldMut
        )
    };
    for given in model
        .parameters()
        .filter(|parameter| is_of_context(parameter))
    {
        let mut others = model.parameters().filter(|other| is_of_store(other));
        if others.any(|other| other.name == given.name) {
            let name = &given.name;
            let wrong = format!(
                "`{name}` is a field of the store in one step of this node, and of the context in another"
            );
            errors.at(
                name,
                refuse(wrong).help("rename one of the two fields, so that a name has one meaning"),
            );
            return;
        }
    }
}

/// A field that `exec` and `fallback` borrow as different types.
pub(super) fn fallback(model: &Model, errors: &mut Errors) {
    let borrowed = model.borrowed();
    let parameters = model.fallback.iter().flat_map(|step| &step.parameters);
    for parameter in parameters {
        let name = &parameter.name;
        let other = borrowed.iter().find(|other| other.name == *name);
        match (other.map(|other| &other.kind), &parameter.kind) {
            (Some(Kind::Field(a)), Kind::Field(b))
            | (
                Some(Kind::Context(Context {
                    borrow: Borrow::Field(a),
                    ..
                })),
                Kind::Context(Context {
                    borrow: Borrow::Field(b),
                    ..
                }),
            ) if !same(a, b) => errors.at(
                name,
                format!(
                    "`exec` and `fallback` borrow the field `{name}`: write the same type in both"
                ),
            ),
            _ => {}
        }
    }
}
