//! What a batch does between `prep` and `post`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use super::Node;
use crate::node::parse::options::{Value, Width};

impl Node<'_> {
    /// What a batch does between `prep` and `post`.
    pub(super) fn work(&self) -> Option<TokenStream> {
        let this = &self.this;
        let (name, each) = self.model.each()?;
        let (store, node) = (self.store, &self.model.node);
        let width = self
            .model
            .options
            .parallel
            .as_ref()
            .map(|given| &given.value);
        let configured = matches!(
            width,
            Some(Width::Items(Value::OfNode(_) | Value::OfContext(_)))
        );
        let configured = (configured && self.sound)
            .then(|| quote!(let __width = __p::Execution::policy(&__execution).parallel;));
        let (sequence, parallel) = match self.model.options.failures {
            Some(_) => (quote!(collect_in_sequence), quote!(collect_in_parallel)),
            None => (quote!(in_sequence), quote!(in_parallel)),
        };
        let work = match width {
            None => quote!(#sequence(__execution)),
            Some(Width::Items(Value::Literal(width))) => quote!(#parallel(__execution, #width)),
            Some(Width::Items(Value::Constant(_))) => {
                quote!(#parallel(__execution, #this::POLICY.parallel))
            }
            Some(Width::Items(_)) if configured.is_none() => quote!(#sequence(__execution)),
            Some(Width::Items(_)) => quote!(#parallel(__execution, __width)),
            Some(Width::Unbounded) => quote!(#parallel(__execution, __p::usize::MAX)),
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
                ) -> impl __p::StepFuture<#this::Done>
                where
                    __M: __p::ItemMode<#store, __Marker, Self>,
                {
                    #configured
                    __p::#work
                }
            }
        })
    }

    /// A type that is only valid if the named store is a store. If it is not, rustc reports that
    /// where the store is named, and does not check the impls that have this type in their bounds.
    fn on_store(&self) -> TokenStream {
        let store = self.store();
        quote!(type __OnStore = __p::Sound<{ let _ = #store; 0 }>;)
    }
}
