//! From the model to the node's impls.
//!
//! Generated code does not use relative paths, even for primitive types and `Send`, and does not
//! call methods whose names a trait of the user may have. Its variables begin with `__`, because a
//! constant of the user with the same name would turn a binding pattern into a comparison. If a
//! variable has the user's span, its binding and its uses come from one `Ident`, because tokens
//! from a `macro_rules!` macro cannot see a variable of another origin. Generated code contains no
//! `#[allow(…)]`, which `#![forbid(…)]` would reject. It needs none, because rustc silences lints
//! if all tokens belong to the macro.

mod batch;
mod describe;
pub(super) mod editor;
mod node;
mod placeholder;
mod policy;
mod reads;
mod sound;
mod steps;
mod written;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, Lifetime, Path, Type};

use super::model::{Form, Model};
use super::parse::Output;
use crate::editor::written;
use crate::krate::Krate;
use crate::names::ours;
use crate::refusal::Errors;
use crate::types::rename_lifetimes;

/// Writes the node. If it has an error, it is still a node of its store with its declared reads,
/// writes and actions, so that a flow that uses it reports nothing more.
pub(crate) fn expand(
    model: &Model,
    errors: &Errors,
    sound: bool,
    names: impl FnOnce() -> TokenStream,
) -> TokenStream {
    let (item, compile_errors, pf) = (
        &model.item,
        errors.to_compile_errors(),
        &model.options.krate,
    );
    let (Some(store), None) = (&model.options.store, &model.generic) else {
        let names = written(names, TokenStream::new);
        let placeholder = placeholder::of_model(model);
        return quote!(#names #compile_errors #item #placeholder);
    };
    let this = quote!(<Self as #pf::Node<#store, __Marker>>);
    let node = Node {
        model,
        store,
        pf,
        this,
        known: sound,
        sound: errors.is_empty(),
    };
    let (inside, allowed, alias) = (node.inside(), &model.marks.allowed, pf.alias());
    let shown = || {
        let (names, declaration, of) = (names(), node.declaration(&model.name), &model.node);
        quote! {
            #names
            #declaration
            const _: () = {
                #alias
                #[automatically_derived]
                impl __p::On for #of { type Store = #store; }
            };
        }
    };
    let written = written(shown, || node.declaration(&ours(&model.name)));
    quote! {
        #written
        #(#allowed)*
        const _: () = { #alias #inside };
        #compile_errors
        #item
    }
}

struct Node<'a> {
    model: &'a Model,
    store: &'a Path,
    /// The library.
    pf: &'a Krate,
    /// `Self` as a node, because an enum may have a variant with the name of an associated type.
    this: TokenStream,
    /// Whether the whole node could be read, so that it can be described.
    known: bool,
    /// Whether the steps can be called.
    sound: bool,
}

impl Node<'_> {
    /// The type of a function's node. It exists only in the namespace of types, so the function
    /// keeps its name.
    fn declaration(&self, name: &Ident) -> TokenStream {
        declaration(self.model, name)
    }

    fn inside(&self) -> TokenStream {
        let pf = self.pf;
        let (describe, reads, node) = (self.describe(), self.reads(), self.node());
        let (checks, checked, policies) = (self.checks(), self.checked(), self.policies());
        let (store, name, allow_unused) = (self.store, &self.model.node, pf.allow_unused());
        let runner = match self.model.each() {
            Some(_) => quote!(__p::BatchRunner::<__Marker>),
            None if self.recovers() => quote!(__p::RecoveringRunner::<__Marker>),
            None => quote!(__p::NodeRunner::<__Marker>),
        };
        quote! {
            #allow_unused
            use #pf::__private::methods::*;

            enum __Marker {}
            #checks
            #policies
            #describe
            #reads
            #node

            #[automatically_derived]
            impl<__P> __p::NodeParameters for #name
            where
                (#store, __Marker): __p::Itself<Type = __P>,
            {
                type Pair = __P;
            }

            #[automatically_derived]
            impl<__K: __p::StepKind> __p::FlowStep<#store, __K> for #name
            where
                #checked
                #runner: __p::Runner<#store, __K, #name>,
            {
                fn runner() -> impl __p::Runner<#store, __K, Self> {
                    #runner::RUNNER
                }
            }
        }
    }
}

/// The type of a function's node.
fn declaration(model: &Model, name: &Ident) -> TokenStream {
    let Form::Function(visibility, signature) = &model.form else {
        return TokenStream::new();
    };
    let (text, marks) = (model.text(), &model.marks);
    let (of_type, allowed) = (&marks.of_type, &marks.allowed);
    let mut doc = format!("The node of the function [`{text}`](fn@{text}): `{signature}`");
    if let Some(summary) = &marks.summary {
        doc = format!("{summary}\n\n{doc}");
    }
    quote! {
        #[doc = #doc]
        #(#of_type)*
        #(#allowed)*
        #visibility struct #name {}
    }
}

/// The type of what a step returns, without its `Result`.
fn value(output: &Output) -> TokenStream {
    let ty = &output.ty;
    if output.fallible {
        // The tokens from `<` to `Value`, with the span of the value, where rustc reports an
        // unsuitable value.
        let fallible = quote_spanned!(output.error_span=> as __p::Fallible);
        quote_spanned!(output.span=> <#ty #fallible>::Value)
    } else {
        quote!(#ty)
    }
}

/// A type in which all lifetimes except `'static` have one name.
fn in_lifetime(ty: &Type, name: &str) -> Type {
    let mut ty = ty.clone();
    rename_lifetimes(&mut ty, &Lifetime::new(name, Span::call_site()));
    ty
}

/// The type of a borrowed field. Lifetimes inside it are `'static`, as everything in a store is.
fn inner(ty: &Type) -> Type {
    in_lifetime(ty, "'static")
}
