//! The parameters whose names are reserved: `shared`, `prep`, `exec` and `error`.

use syn::{Ident, Type};

use super::role::Role;
use super::step::Kind;
use crate::names::type_text as text;
use crate::refusal::{Errors, refuse};

pub(super) fn shared(role: Role, ty: &Type, errors: &mut Errors) -> Option<Kind> {
    let Type::Reference(reference) = ty else {
        errors.at(
            ty,
            "`shared` is the whole store, borrowed: `shared: &Store`",
        );
        return None;
    };
    match (role, reference.mutability.is_some()) {
        (Role::Prep, false) | (Role::Post, false) => Some(Kind::Shared),
        (Role::Post, true) => Some(Kind::SharedMut),
        (Role::Prep, true) => {
            let help = "`post` can: take `shared: &mut _` there";
            errors.at(ty, refuse("`prep` cannot change the store").help(help));
            None
        }
        _ => {
            let wrong = format!("`{}` does not see the whole store", role.name());
            let help = "take what it needs in `prep`, or name the fields it reads";
            errors.at(ty, refuse(wrong).help(help));
            None
        }
    }
}

pub(super) fn prep(role: Role, name: &Ident, ty: &Type, errors: &mut Errors) -> Option<Kind> {
    match (role, ty) {
        (Role::Prep, _) => {
            errors.at(
                name,
                "`prep` is what this step returns: a field of that name cannot be borrowed here",
            );
            None
        }
        (_, Type::Reference(reference)) if reference.mutability.is_none() => Some(Kind::Prep),
        (Role::Post, Type::Reference(_)) => {
            errors.at(ty, "take it by value: `prep: _`");
            None
        }
        (Role::Post, _) => Some(Kind::PrepOwned),
        _ => {
            errors.at(
                ty,
                format!(
                    "`{}` borrows what `prep` returned: write `prep: &{}`",
                    role.name(),
                    text(ty)
                ),
            );
            None
        }
    }
}

pub(super) fn exec(role: Role, name: &Ident, ty: &Type, errors: &mut Errors) -> Option<Kind> {
    if role != Role::Post {
        errors.at(
            name,
            "`exec` is what that step returns, and only `post` comes after it",
        );
        return None;
    }
    match ty {
        Type::Reference(reference) if reference.mutability.is_some() => {
            errors.at(ty, "take it by value: `exec: _`");
            None
        }
        Type::Reference(_) => Some(Kind::ExecRef),
        _ => Some(Kind::Exec),
    }
}

pub(super) fn error(name: &Ident, ty: &Type, errors: &mut Errors) -> Option<Kind> {
    if matches!(ty, Type::Reference(_)) {
        let message = "`error` is the error of the last attempt, by value: a field of that name cannot be borrowed here";
        errors.at(name, message);
        return None;
    }
    Some(Kind::Error)
}
