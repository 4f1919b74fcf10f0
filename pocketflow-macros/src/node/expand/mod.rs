//! From the model to the node's impls.
//!
//! What is generated names nothing by a bare path, primitive types and `Send` included, and calls
//! no method by a name that a trait of the user's may have. Its variables begin with `__`, since a
//! constant of the user's with the name of one would turn the pattern that binds it into a
//! comparison. Whatever binds a variable and whatever uses it are quoted from one `Ident` where the
//! user's span is in play: tokens that come through a `macro_rules!` see no variable of another
//! origin. No `#[allow(…)]` stands in it, which a `#![forbid(…)]` would refuse: rustc silences
//! lints by itself where all tokens are the macro's.

mod describe;
pub(super) mod editor;
mod reads;
mod sound;
mod stand_in;
mod steps;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, Lifetime, Path, Type};

use super::model::{Form, Model};
use super::parse::Output;
use super::parse::options::{Given, Options, Width};
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
    names: &TokenStream,
) -> TokenStream {
    let (item, compile_errors, pf) = (
        &model.item,
        errors.to_compile_errors(),
        &model.options.krate,
    );
    let (Some(store), None) = (&model.options.store, &model.generic) else {
        let names = written(pf, names, &TokenStream::new());
        let stand_in = stand_in::of_model(model);
        return quote!(#names #compile_errors #item #stand_in);
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
    let (shown, of) = (node.declaration(&model.name), &model.node);
    let shown = quote! {
        #names
        #shown
        const _: () = {
            #[automatically_derived]
            #alias
            impl __p::On for #of { type Store = #store; }
        };
    };
    let written = written(pf, &shown, &node.declaration(&ours(&model.name)));
    // What both versions have stands outside: the compiler would read it once more.
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

    /// A type that says whether the store is one. Where it is not, that is said where it is named,
    /// and nothing of the impls that have this among their bounds is said as well.
    fn on_store(&self) -> TokenStream {
        let store = self.store();
        quote!(type __OnStore = __p::Sound<{ let _ = #store; 0 }>;)
    }

    fn node(&self) -> TokenStream {
        let (pf, this) = (self.pf, &self.this);
        let (store, node) = (self.store, &self.model.node);
        let policy = self.policy();
        let exec = &self.model.exec.output;
        let exec_type = value(&Output {
            ty: inner(&exec.ty),
            ..*exec
        });
        let (item, done) = match self.model.each() {
            Some((_, each)) => {
                let item = self.item(each, "'a");
                (quote!(#item), quote!(__p::Vec<#this::Exec>))
            }
            None => (quote!(()), quote!(#this::Exec)),
        };
        let work = self.work();
        let prepared = if self.has_prep() {
            quote!(__Prep<'a>)
        } else {
            quote!(())
        };
        let kept = match &self.model.prep {
            Some(prep) if self.model.keeps_prep() && self.sound => {
                let value = value(&prep.output);
                quote!(__p::Prepared<#value>)
            }
            _ => quote!(()),
        };
        let keeps = self.model.keeps_prep() && self.sound;
        let keep = keeps.then(|| {
            quote! {
                #[inline]
                fn keep(__prep: &mut #this::Prep<'_>) -> #this::Kept {
                    __p::Retained::take(&mut __prep.__prep)
                }
            }
        });
        let kept_value = if keeps {
            quote!(__p::Prepared(__kept))
        } else {
            quote!(_)
        };
        let (prep, exec, post) = if self.sound {
            (self.prep(), self.exec(), self.post())
        } else {
            let never = quote!(__p::unreachable!());
            (Some(never.clone()), quote!(async move { #never }), never)
        };
        let prep = prep.map(|prep| {
            quote! {
                #[inline]
                fn prep<'a>(
                    &'a self,
                    __shared: &'a #store,
                ) -> __p::Result<#this::Prep<'a>, #pf::Failure> {
                    #prep
                }
            }
        });
        let fallback = self.sound.then(|| self.fallback());
        let borrowing = self.borrowing();
        let checked = self.checked();
        let (attempt, done_value) = (self.attempt(), self.done());
        // On the user's token, so that a future that cannot be sent is reported there.
        let span = self.model.exec.name.span();
        let at = pf.at(span);
        let future = quote_spanned! {span=>
            impl #at::__private::Future<
                Output = #at::__private::Result<#this::Exec, #at::Failure>,
            > + #at::__private::Send
        };
        quote! {
            #work

            #[automatically_derived]
            impl #pf::Node<#store, __Marker> for #node
            where
                #checked
            {
                #policy
                type Prep<'a> = #prepared;
                type Item<'a> = #item;
                type Exec = #exec_type;
                type Done = #done;
                type Kept = #kept;

                #prep

                #[inline]
                fn reads<'a>(
                    __shared: &'a #store,
                ) -> __p::Result<<Self as __p::Describe>::Reads<'a>, #pf::Failure> {
                    #borrowing
                }

                #[inline]
                fn exec(
                    &self,
                    __reads: <Self as __p::Describe>::Reads<'_>,
                    __prep: &#this::Prep<'_>,
                    __item: #this::Item<'_>,
                    #attempt: #pf::Attempt<'_>,
                ) -> #future {
                    #exec
                }

                #fallback

                #keep

                #[inline]
                fn post(
                    &self,
                    __shared: &mut #store,
                    #kept_value: #this::Kept,
                    #done_value: #this::Done,
                ) -> __p::Result<__p::usize, #pf::EmptyField> {
                    #post
                }
            }
        }
    }

    /// What a batch does between `prep` and `post`.
    fn work(&self) -> Option<TokenStream> {
        let (pf, this) = (self.pf, &self.this);
        let (name, each) = self.model.each()?;
        let (store, node) = (self.store, &self.model.node);
        let width = self
            .model
            .options
            .parallel
            .as_ref()
            .map(|given| &given.value);
        let configured = match (width, &self.model.form) {
            (Some(Width::Field(field)), Form::Methods) => {
                let execution = quote!(__execution);
                let width = quote_spanned! {field.span()=>
                    __p::InFlight::in_flight(&__p::Execution::node(&#execution).#field)
                };
                Some(quote!(let __width = #width;))
            }
            _ => None,
        };
        let work = match width {
            None => quote!(in_sequence(__execution)),
            Some(Width::Items(width)) => quote!(in_parallel(__execution, #width)),
            Some(Width::Field(_)) if configured.is_none() => quote!(in_sequence(__execution)),
            Some(Width::Field(_)) => quote!(in_parallel(__execution, __width)),
            Some(Width::Unbounded) => quote!(in_parallel(__execution, __p::usize::MAX)),
        };
        let items = match self.model.each_field() {
            _ if !self.sound => quote!(__p::empty()),
            Some(_) => quote! {
                __p::Iterator::copied(__p::IntoIterator::into_iter(&__prep.__items))
            },
            None => {
                let from = self.prepared(quote!(__prep), each.source.span());
                let (item, value) = (self.item(each, "'p"), Ident::new("__value", name.span()));
                let lent = self.lent(&value, &each.item);
                quote! {
                    __p::Iterator::map(
                        __p::IntoIterator::into_iter(#from),
                        |#value| {
                            let #value: #item = #lent;
                            #value
                        },
                    )
                }
            }
        };
        let (on_store, checked) = (self.on_store(), self.checked());
        Some(quote! {
            #on_store

            #[automatically_derived]
            impl __p::Batch<#store, __Marker> for #node
            where
                __OnStore: __p::Soundness,
                #checked
            {
                fn items<'p>(
                    __prep: &'p #this::Prep<'_>,
                ) -> impl __p::Iterator<Item = #this::Item<'p>> + __p::Send {
                    #items
                }

                fn run<__M>(
                    __execution: __p::Execution<'_, '_, #store, __Marker, Self, __M>,
                ) -> impl __p::Future<
                    Output = __p::Result<#this::Done, #pf::Error>,
                > + __p::Send
                where
                    __M: __p::ItemMode<#store, __Marker, Self>,
                {
                    #configured
                    __p::#work
                }
            }
        })
    }

    fn policy(&self) -> Option<TokenStream> {
        let pf = self.pf;
        let Options {
            attempts,
            wait,
            backoff,
            max_wait,
            jitter,
            timeout,
            fallback,
            ..
        } = &self.model.options;
        let attempts = attempts
            .map(|given| given.value)
            .map(|n| quote!(attempts: #n,));
        let wait = wait
            .as_ref()
            .map(|time| nanos(time))
            .map(|time| quote!(wait: #time,));
        let max_wait = max_wait
            .as_ref()
            .map(|time| nanos(time))
            .map(|time| quote!(max_wait: #time,));
        let timeout = timeout.as_ref().map(|time| nanos(time));
        let timeout = timeout.map(|time| quote!(timeout: __p::Option::Some(#time),));
        let backoff = backoff
            .map(|given| given.value)
            .map(|factor| quote!(backoff: #factor,));
        let jitter = jitter
            .map(|given| given.value)
            .map(|part| quote!(jitter: #part,));
        let has_fallback = self.model.fallback.is_some() || fallback.is_some();
        let fallback = has_fallback.then(|| quote!(fallback: true,));
        let given = [
            &attempts, &wait, &max_wait, &timeout, &backoff, &jitter, &fallback,
        ];
        given.iter().any(|given| given.is_some()).then(|| {
            quote! {
                const POLICY: #pf::Policy = #pf::Policy {
                    #attempts #wait #backoff #max_wait #jitter #timeout #fallback
                    ..#pf::Policy::ONCE
                };
            }
        })
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

/// A time that was given.
fn nanos(given: &Given<std::time::Duration>) -> TokenStream {
    let nanos = u64::try_from(given.value.as_nanos()).unwrap_or(u64::MAX);
    quote!(__p::Duration::from_nanos(#nanos))
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
