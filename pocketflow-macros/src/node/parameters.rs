//! The parameters of a step, and what each of them means.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, FnArg, GenericArgument, GenericParam, Generics, Ident, Pat, PatType, Path,
    PathArguments, ReceiverKind, Safety, Signature, Type,
};

use super::model::{Each, Kind, Output, Parameter, Step};
use super::types::{argument, arguments, is_result, last_name, option, plain, returned};
use crate::errors::Errors;

/// Which step of which form a function is: that decides what its parameters may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The function that is a node.
    Function,
    Prep,
    Exec,
    Fallback,
    Post,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Prep => "prep",
            Self::Function | Self::Exec => "exec",
            Self::Fallback => "fallback",
            Self::Post => "post",
        }
    }
}

pub(super) const NO_PARAMETERS: &str = "a node has no type or lifetime parameters";
pub(super) const OWNED: &str = "own the data, such as a `String` for a `&str`, or hold an `Arc`";

/// What is said of the parameters of a node.
pub(super) fn no_parameters(generics: &Generics) -> String {
    let help = match generics.params.first() {
        Some(GenericParam::Type(_)) => "write the type, or hold a `Box<dyn …>`",
        Some(GenericParam::Const(_)) => "make it a field",
        _ => OWNED,
    };
    format!("{NO_PARAMETERS}\nhelp: {help}")
}

/// What is said of the parameters of a step, which may be lifetimes.
fn only_lifetimes(generics: &Generics) -> &'static str {
    if generics.type_params().next().is_some() {
        "a step of a node has no type parameters\nhelp: write the type, or take a `&dyn …`"
    } else {
        "a step of a node has no constant parameters\nhelp: write the constant"
    }
}

/// Reads the signature of a step, and takes the attributes out of it that are the macro's own.
pub(crate) fn step(
    role: Role,
    signature: &mut Signature,
    store: Option<&Path>,
    errors: &mut Errors,
) -> Step {
    if !has_only_lifetimes(signature) {
        errors.at(&signature.generics, only_lifetimes(&signature.generics));
    }
    if let Safety::Unsafe(token) = &signature.safety {
        errors.at(
            token,
            "a flow calls the steps of its nodes, so they cannot be `unsafe`",
        );
    }
    let mut parameters = Vec::new();
    let mut takes_self = false;
    for argument in &mut signature.inputs {
        match argument {
            FnArg::Receiver(receiver) => {
                takes_self = true;
                if !matches!(receiver.kind, ReceiverKind::Reference(_, _, None)) {
                    errors.at(
                        receiver,
                        "a node is shared by all the runs it is in: take `&self`",
                    );
                }
            }
            FnArg::Typed(argument) => parameters.extend(parameter(role, argument, store, errors)),
        }
    }
    let span = match &signature.output {
        syn::ReturnType::Type(_, ty) => ty
            .to_token_stream()
            .into_iter()
            .next()
            .map(|token| token.span()),
        syn::ReturnType::Default => None,
    };
    let mut ty = returned(&signature.output, signature.ident.span());
    if let Some(opaque) = opaque(&ty) {
        errors.at(
            opaque,
            "a node names the type of what its steps return: `Vec<String>`, not `impl Iterator<…>`",
        );
        ty = syn::parse_quote!(((),));
    }
    // The value inside of a `Result` is what most messages are about, and then its error.
    let first = |ty: &Type| ty.to_token_stream().into_iter().next();
    let inside = |index| {
        let inside = arguments(&ty).nth(index).filter(|_| is_result(&ty));
        inside.and_then(first).map(|token| token.span())
    };
    let (inner, error) = (inside(0), inside(1));
    Step {
        name: signature.ident.clone(),
        is_async: signature.asyncness.is_some(),
        takes_self,
        ties_lifetimes: !signature.generics.params.is_empty(),
        parameters,
        output: Output {
            fallible: is_result(&ty),
            ty,
            span: inner.or(span).unwrap_or_else(|| signature.ident.span()),
            error_span: error.or(span).unwrap_or_else(|| signature.ident.span()),
        },
    }
}

/// The `impl Trait` in a type.
fn opaque(ty: &Type) -> Option<Type> {
    struct Opaque(Option<Type>);
    impl VisitMut for Opaque {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            match ty {
                Type::ImplTrait(_) => self.0 = Some(ty.clone()),
                _ => visit_mut::visit_type_mut(self, ty),
            }
        }
    }
    let mut found = Opaque(None);
    found.visit_type_mut(&mut ty.clone());
    found.0
}

fn has_only_lifetimes(signature: &Signature) -> bool {
    signature
        .generics
        .params
        .iter()
        .all(|parameter| matches!(parameter, syn::GenericParam::Lifetime(_)))
}

fn parameter(
    role: Role,
    argument: &mut PatType,
    store: Option<&Path>,
    errors: &mut Errors,
) -> Option<Parameter> {
    let mut attempts = take(&mut argument.attrs, "attempt").into_iter();
    let mut eaches = take(&mut argument.attrs, "each").into_iter();
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
        (None, None) => kind(role, &name, ty, store, errors),
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
            let expected =
                "expected the field that holds the items: `#[each(section_titles)] title: &str`";
            errors.push(syn::Error::new(error.span(), expected));
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

fn kind(
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
    let Type::Reference(reference) = ty else {
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
                "a parameter borrows the field it is named after: write `{name}: {0}`, or `{name}: Option<{0}>` where the \
                 field may be empty",
                borrowed(inner)
            ),
            None => {
                format!(
                    "a parameter borrows the field it is named after: write `{name}: {}`",
                    borrowed(ty)
                )
            }
        };
        errors.at(ty, message);
        return None;
    };
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
        let bounds = &object.bounds;
        let message = format!(
            "a parameter names the type that it borrows: write `{name}: &dyn {}`",
            text(bounds)
        );
        errors.at(ty, message);
        return None;
    }
    Some(Kind::Field(inner.clone()))
}

fn cannot_change(role: Role, name: &Ident) -> String {
    match role {
        Role::Function => format!(
            "a function that is a node cannot change the store\nhelp: return the new value, and name its field: `#[node(…, writes = {name})]`"
        ),
        _ => format!(
            "`{}` cannot change the store\nhelp: `post` can: take `{name}: &mut _` there",
            role.name()
        ),
    }
}

fn shared(role: Role, ty: &Type, errors: &mut Errors) -> Option<Kind> {
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
            errors.at(
                ty,
                "`prep` cannot change the store\nhelp: `post` can: take `shared: &mut _` there",
            );
            None
        }
        _ => {
            let message = format!(
                "`{}` does not see the whole store\nhelp: take what it needs in `prep`, or name the fields it reads",
                role.name()
            );
            errors.at(ty, message);
            None
        }
    }
}

fn prep(role: Role, name: &Ident, ty: &Type, errors: &mut Errors) -> Option<Kind> {
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

fn exec(role: Role, name: &Ident, ty: &Type, errors: &mut Errors) -> Option<Kind> {
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

fn error(name: &Ident, ty: &Type, errors: &mut Errors) -> Option<Kind> {
    if matches!(ty, Type::Reference(_)) {
        let message = "`error` is the error of the last attempt, by value: a field of that name cannot be borrowed here";
        errors.at(name, message);
        return None;
    }
    Some(Kind::Error)
}

/// Whether a type is the store, as the attribute names it.
fn is_store(ty: &Type, store: Option<&Path>) -> bool {
    store.is_some_and(|store| {
        store.to_token_stream().to_string() == ty.to_token_stream().to_string()
    })
}

/// Takes the attributes of this name, which are the macro's own, off a parameter.
fn take(attributes: &mut Vec<Attribute>, name: &str) -> Vec<Attribute> {
    let (own, others) = attributes
        .drain(..)
        .partition(|attribute: &Attribute| attribute.path().is_ident(name));
    *attributes = others;
    own
}

/// How a type is best borrowed: `&str` for a `String`, `&[T]` for a `Vec<T>`.
fn borrowed(ty: &Type) -> String {
    match (last_name(ty).as_deref(), argument(ty)) {
        (Some("String"), _) => "&str".into(),
        (Some("Vec"), Some(item)) => format!("&[{}]", text(item)),
        _ => format!("&{}", text(ty)),
    }
}

/// A type as a user would write it.
pub(super) fn text(ty: impl ToTokens) -> String {
    let text = ty.to_token_stream().to_string();
    let text = text
        .replace(" :: ", "::")
        .replace(" <", "<")
        .replace("< ", "<")
        .replace(" >", ">")
        .replace("& ", "&");
    text.replace(" ,", ",")
}
