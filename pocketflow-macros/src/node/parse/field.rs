//! The parameters that borrow the field with the same name.

use quote::ToTokens;
use syn::{Ident, Path, Type, TypeImplTrait, TypeReference};

use super::role::Role;
use super::step::Kind;
use crate::names::type_text as text;
use crate::refusal::{Errors, Refusal, refuse};
use crate::types::{argument, last_name, option};

/// `topic: Option<&str>`
pub(super) fn optional_field(
    role: Role,
    name: &Ident,
    ty: &Type,
    errors: &mut Errors,
) -> Option<Kind> {
    if let Some(Type::Reference(inner)) = option(ty) {
        if inner.mutability.is_some() {
            errors.at(
                ty,
                format!("a field that may be empty is read as `{name}: Option<&_>`"),
            );
            return None;
        }
        return Some(Kind::Peek((*inner.elem).clone()));
    }
    let message = match option(ty) {
        Some(inner) => format!(
            "a parameter borrows the field it is named after: write `{name}: {0}`, or \
             `{name}: Option<{0}>` where the field may be empty",
            borrowed(inner)
        ),
        None => format!(
            "a parameter borrows the field it is named after: write `{name}: {}`",
            borrowed(ty)
        ),
    };
    let mut refusal = refuse(message);
    if role == Role::Post {
        refusal = refusal.help(format!(
            "or, for what `exec` has returned, call it `exec`: `exec: {}`",
            text(ty)
        ));
    }
    errors.at(ty, refusal);
    None
}

/// `topic: &str`, or `topics: &mut Vec<String>` in `post`.
pub(super) fn borrowed_field(
    role: Role,
    name: &Ident,
    ty: &Type,
    reference: &TypeReference,
    store: Option<&Path>,
    errors: &mut Errors,
) -> Option<Kind> {
    let inner = &*reference.elem;
    if role == Role::Function && name == "shared" && is_store(inner, store) {
        let message = "a function that is a node does not see the whole store: name each field that it reads as a parameter";
        errors.at(ty, message);
        return None;
    }
    if reference.mutability.is_some() {
        if role == Role::Post {
            return Some(Kind::FieldMut);
        }
        errors.at(ty, cannot_change(role, name));
        return None;
    }
    if let Type::ImplTrait(object) = inner {
        errors.at(ty, names_its_type(name, object));
        return None;
    }
    Some(Kind::Field(inner.clone()))
}

/// Refuses `llm: &impl Llm`.
pub(super) fn names_its_type(name: &Ident, object: &TypeImplTrait) -> String {
    let bounds = text(&object.bounds);
    format!("a parameter names the type that it borrows: write `{name}: &dyn {bounds}`")
}

fn cannot_change(role: Role, name: &Ident) -> Refusal {
    match role {
        Role::Function => refuse("a function that is a node cannot change the store").help(
            format!("return the new value, and name its field: `#[node(…, writes = {name})]`"),
        ),
        _ => refuse(format!("`{}` cannot change the store", role.name()))
            .help(format!("`post` can: take `{name}: &mut _` there")),
    }
}

/// Whether a type is the store, as the attribute names it.
fn is_store(ty: &Type, store: Option<&Path>) -> bool {
    store.is_some_and(|store| {
        store.to_token_stream().to_string() == ty.to_token_stream().to_string()
    })
}

/// The best type to borrow a field as: `&str` for a `String`, `&[T]` for a `Vec<T>`.
pub(super) fn borrowed(ty: &Type) -> String {
    match (last_name(ty).as_deref(), argument(ty)) {
        (Some("String"), _) => "&str".into(),
        (Some("Vec"), Some(item)) => format!("&[{}]", text(item)),
        _ => format!("&{}", text(ty)),
    }
}
