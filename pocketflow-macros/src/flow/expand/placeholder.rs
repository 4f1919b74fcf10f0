//! A flow without its steps: for an editor, and in place of a flow with an error.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};

use super::Flow;
use super::checks::action_check;
use crate::editor::unmentioned;

impl Flow<'_> {
    /// A flow that can be named and called. Only its edges are checked, because its errors have been
    /// reported.
    pub(super) fn dummy(&self) -> TokenStream {
        let (graph, steps) = (self.graph(), self.without_steps());
        let actions = self
            .model
            .edges
            .iter()
            .enumerate()
            .map(|(index, edge)| action_check(index, edge));
        quote! {
            #graph
            #(#actions)*
            #steps
        }
    }

    /// The flow for an editor: it has its methods, but no steps.
    pub(super) fn outside(&self) -> TokenStream {
        let (pf, this) = (self.pf, &self.this);
        let (steps, runners) = (self.without_steps(), self.runners(Span::call_site(), false));
        let mut nodes = self.model.nodes();
        let store = match self.store() {
            Some(store) if self.model.on_fields().next().is_some() => {
                Some(unmentioned(store.to_token_stream()))
            }
            _ => nodes
                .find(|node| node.pause.is_none() && node.on.is_none())
                .map(|node| {
                    let path = unmentioned(node.path.to_token_stream());
                    quote!(<#path as __p::On>::Store)
                }),
        };
        let store = store.map(|store| {
            quote!(#[automatically_derived] impl __p::On for #this { type Store = #store; })
        });
        let (name, this) = (&self.name, &self.this);
        let this = (name != this).then(|| quote!(type #this = #name;));
        quote! {
            #this
            static __GRAPH: #pf::Graph = __p::unreachable!();
            #store
            #steps
            #runners
        }
    }

    /// A flow that runs no step.
    pub(super) fn without_steps(&self) -> TokenStream {
        let (pf, this, exit) = (self.pf, &self.this, &self.exit);
        quote! {
            #[automatically_derived]
            impl __p::Describe for #this {
                const NODE: __p::Description = __p::Description::UNKNOWN;
                type Reads<'a> = ();
            }

            #[automatically_derived]
            impl #pf::Flow for #this {
                type Exit = #exit;
                const GRAPH: &'static #pf::Graph = &__GRAPH;
                type EdgeCounts = [__p::u32; 0];
                const NO_COUNTS: Self::EdgeCounts = [];
                fn exit(_: __p::usize) -> #exit {
                    __p::unreachable!()
                }
            }

            #[automatically_derived]
            impl<__S, __M: __p::Mode> __p::Walk<__S, __M> for #this {
                fn walk(
                    &self,
                    _: __p::Cursor<'_, __M, [__p::u32; 0]>,
                    _: &mut __S,
                ) -> impl __p::StepFuture {
                    async { __p::unreachable!() }
                }
            }
        }
    }
}
