//! The parameters of a step and their meanings.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, GenericArgument, Ident, Pat, PatType, Path, PathArguments, Type};

use super::field::{borrowed, borrowed_field, names_its_type, optional_field};
use super::reserved::{error, exec, prep, shared};
use super::role::Role;
use super::step::{Borrow, Context, Each, Kind, Parameter};
use crate::names::type_text as text;
use crate::refusal::{Errors, refuse};
use crate::types::{last_name, option, plain};

pub(super) fn parameter(
    role: Role,
    argument: &mut PatType,
    store: Option<&Path>,
    errors: &mut Errors,
) -> Option<Parameter> {
    let Marks {
        each,
        attempt,
        context,
    } = marks(&mut argument.attrs, errors);
    let Pat::Ident(pattern) = &*argument.pat else {
        errors.at(
            &argument.pat,
            match (each, context) {
                (Some(_), _) => "name the item, and take it apart in the body",
                (None, Some(_)) => "a parameter borrows the field of the context it is named after: write the field's name, and take the value apart in the body",
                (None, None) => "a parameter borrows the field it is named after: write the field's name, and take the value apart in the body",
            },
        );
        return None;
    };
    let name = pattern.ident.clone();
    let ty = &plain(&argument.ty);
    let kind = match (each, attempt, context) {
        (Some(each), ..) => self::each(role, &each, &name, ty, errors),
        (None, Some(_), _) => attempted(role, &name, ty, errors),
        (None, None, Some(mark)) => given(&mark, &name, ty, errors),
        (None, None, None) => unmarked(role, &name, ty, store, errors),
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

/// The macro's own attributes of a parameter.
struct Marks {
    each: Option<Attribute>,
    attempt: Option<Attribute>,
    context: Option<Attribute>,
}

/// Removes `#[each(…)]`, `#[attempt]` and `#[context]` from a parameter.
fn marks(attributes: &mut Vec<Attribute>, errors: &mut Errors) -> Marks {
    let mut once = |name: &str, twice: &str| {
        let mut marks = take(attributes, name).into_iter();
        let first = marks.next();
        if let Some(second) = marks.next() {
            errors.at(second, twice);
        }
        first
    };
    let marks = Marks {
        each: once(
            "each",
            "`#[each(…)]` is written twice: a batch runs over one collection",
        ),
        attempt: once("attempt", "`#[attempt]` is written twice"),
        context: once("context", "`#[context]` is written twice"),
    };
    let means = [
        marks.each.as_ref().map(|mark| (mark, "an item")),
        marks.attempt.as_ref().map(|mark| (mark, "an attempt")),
        marks
            .context
            .as_ref()
            .map(|mark| (mark, "a part of the context")),
    ];
    let means: Vec<_> = means.into_iter().flatten().collect();
    if let [(_, first), (second, other), ..] = &means[..] {
        errors.at(
            second,
            format!("a parameter is either {first} or {other}: write two parameters"),
        );
    }
    for (mark, name) in [(&marks.attempt, "attempt"), (&marks.context, "context")] {
        let options = |mark: &&Attribute| mark.meta.require_path_only().is_err();
        if let Some(mark) = mark.as_ref().filter(options) {
            errors.at(
                mark,
                format!("`#[{name}]` has no options: write `#[{name}]` alone"),
            );
        }
    }
    marks
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
    let owned = match ty {
        Type::Path(_) => Some(ty),
        Type::Reference(item) if item.mutability.is_some() => Some(&*item.elem),
        _ => None,
    };
    if let Some(owned) = owned {
        let message = format!(
            "a batch borrows its items: write `{name}: {}`",
            borrowed(owned)
        );
        errors.at(ty, message);
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

/// `#[context] llm: &dyn Llm`
fn given(mark: &Attribute, name: &Ident, ty: &Type, errors: &mut Errors) -> Option<Kind> {
    let inner = option(ty).unwrap_or(ty);
    let Type::Reference(reference) = inner else {
        let message = format!(
            "a step borrows from the context: write `#[context] {name}: {}`",
            match option(ty) {
                Some(inner) => format!("Option<{}>", borrowed(inner)),
                None => borrowed(ty),
            }
        );
        errors.at(ty, message);
        return None;
    };
    let target = (*reference.elem).clone();
    if reference.mutability.is_some() {
        let help = format!(
            "write `&{}`; what a node changes is a field of the store",
            text(&target)
        );
        errors.at(ty, refuse("a step cannot change the context, which other nodes and runs may borrow at the same time").help(help));
        return None;
    }
    if let Type::ImplTrait(object) = &target {
        errors.at(ty, names_its_type(name, object));
        return None;
    }
    let borrow = match option(ty) {
        _ if name == "context" => Borrow::Whole(target),
        None => Borrow::Field(target),
        Some(_) => Borrow::Peek(target),
    };
    Some(Kind::Context(Context {
        mark: mark.path().span(),
        borrow,
    }))
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
        _ => optional_field(role, name, ty, errors),
    }
}
