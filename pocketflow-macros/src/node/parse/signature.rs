//! The signature of a step.

use proc_macro2::Span;
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{
    FnArg, GenericArgument, Generics, Path, PathArguments, ReceiverKind, Safety, Signature, Type,
    TypeParamBound,
};

use super::parameter::parameter;
use super::role::Role;
use super::step::{Output, Step};
use crate::refusal::{Errors, Refusal, refuse};
use crate::types::{arguments, is_result, returned};

/// Reads the signature of a step, and removes the macro's attributes from it.
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
    Step {
        name: signature.ident.clone(),
        is_async: signature.asyncness.is_some(),
        takes_self,
        ties_lifetimes: !signature.generics.params.is_empty(),
        parameters,
        output: output(signature, errors),
    }
}

/// What a step returns. Most messages are about the value in a `Result`, and some about its error.
fn output(signature: &Signature, errors: &mut Errors) -> Output {
    let first = |ty: &Type| -> Option<Span> {
        let first = ty.to_token_stream().into_iter().next();
        first.map(|token| token.span())
    };
    let whole = match &signature.output {
        syn::ReturnType::Type(_, ty) => first(ty),
        syn::ReturnType::Default => None,
    };
    let mut ty = returned(&signature.output, signature.ident.span());
    if let Some(opaque) = opaque(&ty) {
        let value = future_of(&opaque);
        let message = match value {
            Some(_) => "a step that awaits is an `async fn`, and names the type of its value",
            None => {
                "a node names the type of what its steps return: `Vec<String>`, not `impl Iterator<…>`"
            }
        };
        errors.at(opaque, message);
        ty = value.unwrap_or_else(|| syn::parse_quote!(((),)));
    }
    let fallible = is_result(&ty);
    let argument = |index| arguments(&ty).nth(index).filter(|_| fallible);
    let span = |inside: Option<&Type>| {
        let inside = inside.and_then(first).or(whole);
        inside.unwrap_or_else(|| signature.ident.span())
    };
    Output {
        fallible,
        span: span(argument(0)),
        error_span: span(argument(1)),
        ty,
    }
}

fn has_only_lifetimes(signature: &Signature) -> bool {
    signature
        .generics
        .params
        .iter()
        .all(|parameter| matches!(parameter, syn::GenericParam::Lifetime(_)))
}

/// Rejects parameters of a step that are not lifetimes.
fn only_lifetimes(generics: &Generics) -> Refusal {
    if generics.type_params().next().is_some() {
        refuse("a step of a node has no type parameters").help("write the type, or take a `&dyn …`")
    } else {
        refuse("a step of a node has no constant parameters").help("write the constant")
    }
}

/// The value of an `impl Future<Output = …>`.
fn future_of(opaque: &Type) -> Option<Type> {
    let Type::ImplTrait(opaque) = opaque else {
        return None;
    };
    let traits = opaque.bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    });
    let future = traits.into_iter().find(|last| last.ident == "Future")?;
    let PathArguments::AngleBracketed(arguments) = &future.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(output) => Some(output.ty.clone()),
        _ => None,
    })
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
