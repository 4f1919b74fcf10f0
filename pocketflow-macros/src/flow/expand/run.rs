//! How a flow is run: its methods, and its impl as a step of another flow.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;

use super::Flow;

impl Flow<'_> {
    /// The parts that every flow has, even if it cannot be run.
    pub(super) fn runners(&self, span: Span) -> TokenStream {
        let (this, methods) = (&self.this, self.methods(span));
        quote! {
            #methods

            #[automatically_derived]
            impl<__S, __K: __p::StepKind> __p::FlowStep<__S, __K> for #this
            where
                __p::FlowRunner: __p::Runner<__S, __K, #this>,
            {
                fn runner() -> impl __p::Runner<__S, __K, Self> {
                    __p::FlowRunner
                }
            }
        }
    }

    /// The methods of the flow.
    pub(super) fn methods(&self, span: Span) -> TokenStream {
        let (pf, this, exit) = (self.pf, &self.this, &self.exit);
        let (generics, store, bounds) = self.run_on();
        let max_steps = quote_spanned!(span=> (&__GRAPH).max_steps());
        // rustc shows where `run` is declared. Its tokens have the span of the flow's name and
        // belong to the macro.
        let declared = span.resolved_at(Span::call_site());
        let (run, shared) = (
            Ident::new("run", declared),
            Ident::new("__shared", declared),
        );
        quote! {
            impl #this {
                /// The graph of this flow; it prints as Mermaid.
                pub const GRAPH: &'static #pf::Graph = &__GRAPH;

                /// The most steps that a run of this flow takes. If a loop has no bound, using this constant is an error.
                pub const MAX_STEPS: __p::u64 = #max_steps;

                /// The graph of this flow; it prints as Mermaid.
                pub fn graph(&self) -> &'static #pf::Graph {
                    Self::GRAPH
                }

                /// Runs this flow on a store, from its first node to an exit.
                ///
                /// # Errors
                ///
                /// The final error of a node, with the place where it happened.
                pub fn #run #generics(
                    &self,
                    #shared: &mut #store,
                ) -> impl __p::Future<
                    Output = __p::Result<#exit, #pf::Error>,
                > + __p::Send
                #bounds
                {
                    __p::run_direct(self, #shared)
                }

                /// Runs this flow with a driver: `.with(driver).run(&mut shared)`.
                pub fn with<__D>(&self, __driver: __D) -> #pf::With<'_, Self, __D> {
                    #pf::With::new(self, __driver)
                }
            }
        }
    }

    /// The parameters of `run`, the type of its store, and its bounds.
    pub(super) fn run_on(&self) -> (Option<TokenStream>, TokenStream, Option<TokenStream>) {
        let pf = self.pf;
        match self.store() {
            Some(store) => (None, quote!(#store), None),
            None => (
                Some(quote!(<__S>)),
                quote!(__S),
                Some(quote!(where Self: __p::Walk<__S, #pf::Direct>,)),
            ),
        }
    }
}
