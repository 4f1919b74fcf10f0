//! The parameters of a step and their meanings.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, GenericArgument, Ident, Pat, PatType, Path, PathArguments, Type};

use super::field::{borrowed, borrowed_field, optional_field};
use super::reserved::{error, exec, prep, shared};
use super::role::Role;
use super::step::{Each, Kind, Parameter};
use crate::names::type_text as text;
use crate::refusal::Errors;
use crate::types::{last_name, plain};

pub(super) fn parameter(
    role: Role,
    argument: &mut PatType,
    store: Option<&Path>,
    errors: &mut Errors,
) -> Option<Parameter> {
    let (each, attempt) = marks(&mut argument.attrs, errors);
    let Pat::Ident(pattern) = &*argument.pat else {
        errors.at(
            &argument.pat,
            match each {
                Some(_) => "name the item, and take it apart in the body",
                None => "a parameter borrows the field it is named after: write the field's name, and take the value apart in the body",
            },
        );
        return None;
    };
    let name = pattern.ident.clone();
    let ty = &plain(&argument.ty);
    let kind = match (each, attempt) {
        (Some(each), _) => self::each(role, &each, &name, ty, errors),
        (None, Some(_)) => attempted(role, &name, ty, errors),
        (None, None) => unmarked(role, &name, ty, store, errors),
    };
    let span = ty
        .to_token_stream()
        .into_iter()
        .next()
        .map_or_else(|| name.span(), |token| token.span());
    kind.map(|kind| Parameter {
        name,
        span,
        ty: ty.clone(),
        kind,
    })
}

/// Removes `#[each(…)]` and `#[attempt]` from a parameter.
fn marks(
    attributes: &mut Vec<Attribute>,
    errors: &mut Errors,
) -> (Option<Attribute>, Option<Attribute>) {
    let mut attempts = take(attributes, "attempt").into_iter();
    let mut eaches = take(attributes, "each").into_iter();
    let (attempt, each) = (attempts.next(), eaches.next());
    if let Some(second) = attempts.next() {
        errors.at(second, "`#[attempt]` is written twice");
    }
    if let Some(second) = eaches.next() {
        errors.at(
            second,
            "`#[each(…)]` is written twice: a batch runs over one collection",
        );
    }
    if let (Some(_), Some(attempt)) = (&each, &attempt) {
        errors.at(
            attempt,
            "a parameter is either an item or an attempt: write two parameters",
        );
    }
    if let Some(attempt) = attempt
        .as_ref()
        .filter(|attempt| attempt.meta.require_path_only().is_err())
    {
        errors.at(
            attempt,
            "`#[attempt]` has no options: write `#[attempt]` alone",
        );
    }
    (each, attempt)
}

/// Removes the macro's attributes with this name from a parameter.
fn take(attributes: &mut Vec<Attribute>, name: &str) -> Vec<Attribute> {
    let (own, others) = attributes
        .drain(..)
        .partition(|attribute: &Attribute| attribute.path().is_ident(name));
    *attributes = others;
    own
}

fn each(
    role: Role,
    attribute: &Attribute,
    name: &Ident,
    ty: &Type,
    errors: &mut Errors,
) -> Option<Kind> {
    match role {
        Role::Function | Role::Exec => {}
        Role::Fallback => return Some(Kind::Item),
        _ => {
            errors.at(
                attribute,
                format!(
                    "`{}` runs once: only `exec` runs over the items of a batch",
                    role.name()
                ),
            );
            return None;
        }
    }
    if matches!(ty, Type::Path(_)) {
        errors.at(
            ty,
            format!(
                "a batch borrows its items: write `{name}: {}`",
                borrowed(ty)
            ),
        );
        return None;
    }
    match attribute.parse_args::<Ident>() {
        Ok(source) => {
            let of_prep = role == Role::Exec && source == "prep";
            Some(Kind::Each(Each {
                source,
                of_prep,
                item: ty.clone(),
            }))
        }
        Err(error) => {
            let expected = format!(
                "expected the field that holds the items: `#[each(field)] {name}: {}`",
                text(ty)
            );
            errors.on(error.span(), expected);
            None
        }
    }
}

fn attempted(role: Role, name: &Ident, ty: &Type, errors: &mut Errors) -> Option<Kind> {
    if !may_be_attempt(ty) {
        errors.at(
            ty,
            format!("`#[attempt]` marks a parameter of type `Attempt`: write `#[attempt] {name}: pocketflow::Attempt<'_>`"),
        );
        return None;
    }
    if matches!(role, Role::Function | Role::Exec) {
        return Some(Kind::Attempt);
    }
    errors.at(
        name,
        format!(
            "`{}` is not tried again: only `exec` has attempts",
            role.name()
        ),
    );
    None
}

/// Whether a type may be an `Attempt`, which may have been imported under another name.
fn may_be_attempt(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    match &last.arguments {
        PathArguments::None => !last
            .ident
            .to_string()
            .starts_with(|letter: char| letter.is_lowercase()),
        PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .all(|argument| matches!(argument, GenericArgument::Lifetime(_))),
        PathArguments::Parenthesized(_) => false,
    }
}

/// A parameter without a mark. Its name, or otherwise its type, says what it is.
fn unmarked(
    role: Role,
    name: &Ident,
    ty: &Type,
    store: Option<&Path>,
    errors: &mut Errors,
) -> Option<Kind> {
    if role != Role::Function {
        match name.unraw().to_string().as_str() {
            "shared" => return shared(role, ty, errors),
            "prep" => return prep(role, name, ty, errors),
            "exec" => return exec(role, name, ty, errors),
            "error" if role == Role::Fallback => return error(name, ty, errors),
            _ => {}
        }
    }
    if role == Role::Fallback && last_name(ty).is_some_and(|last| last == "Error") {
        errors.at(
            name,
            "the error of the last attempt is the parameter `error`: give it that name",
        );
        return None;
    }
    if last_name(ty).is_some_and(|last| last == "Attempt") {
        errors.at(
            name,
            format!("mark the attempt: write `#[attempt] {name}: {}`", text(ty)),
        );
        return None;
    }
    match ty {
        Type::Reference(reference) => borrowed_field(role, name, ty, reference, store, errors),
        _ => optional_field(name, ty, errors),
    }
}
