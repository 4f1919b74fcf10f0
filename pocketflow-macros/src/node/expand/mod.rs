//! From the model to the node's impls.
//!
//! What is generated names nothing by a bare path, primitive types and `Send` included, and calls
//! no method by a name that a trait of the user's may have. Its variables begin with `__`, since a
//! constant of the user's with the name of one would turn the pattern that binds it into a
//! comparison. Whatever binds a variable and whatever uses it are quoted from one `Ident` where the
//! user's span is in play: tokens that come through a `macro_rules!` see no variable of another
//! origin. No `#[allow(…)]` stands in it, which a `#![forbid(…)]` would refuse: rustc silences
//! lints by itself where all tokens are the macro's.

mod batch;
mod describe;
pub(super) mod editor;
mod node;
mod placeholder;
mod policy;
mod reads;
mod sound;
mod steps;

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

/// Writes the node. With an error it is still a node of its store that reads, writes and returns
/// what it says, so that a flow it stands in has nothing to add.
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
    /// `Self` as a node: an enum may have a variant with the name of an associated type.
    this: TokenStream,
    /// Whether all of the node could be read, so that it can be described.
    known: bool,
    /// Whether the steps can be called.
    sound: bool,
}

impl Node<'_> {
    /// The type of a function's node. It lives in the namespace of types alone, so the function
    /// keeps its name.
    fn declaration(&self, name: &Ident) -> TokenStream {
        declaration(self.model, name)
    }

    fn inside(&self) -> TokenStream {
        let pf = self.pf;
        let (describe, reads, node) = (self.describe(), self.reads(), self.node());
        let (checks, checked) = (self.checks(), self.checked());
        let (store, name, allow_unused) = (self.store, &self.model.node, pf.allow_unused());
        let runner = match self.model.each() {
            Some(_) => quote!(__p::BatchRunner::<__Marker>),
            None => quote!(__p::NodeRunner::<__Marker>),
        };
        quote! {
            #allow_unused
            use #pf::__private::methods::*;

            enum __Marker {}
            #checks
            #describe
            #reads
            #node

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
        // From `<` to `Value` on the token of the value, where a value that will not do is
        // reported.
        let fallible = quote_spanned!(output.error_span=> as __p::Fallible);
        quote_spanned!(output.span=> <#ty #fallible>::Value)
    } else {
        quote!(#ty)
    }
}

/// A type with all its lifetimes but `'static` of one name.
fn in_lifetime(ty: &Type, name: &str) -> Type {
    let mut ty = ty.clone();
    rename_lifetimes(&mut ty, &Lifetime::new(name, Span::call_site()));
    ty
}

/// A borrowed type: what it borrows in turn lives as long as the program, as all of a store does.
fn inner(ty: &Type) -> Type {
    in_lifetime(ty, "'static")
}
