//! How a flow is run: its methods, and its impl as a step of another flow.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use super::Flow;

impl Flow<'_> {
    /// The parts that every flow has, even if it cannot be run. A flow is not `walked` if it has no
    /// code for its steps.
    pub(super) fn runners(&self, span: Span, walked: bool) -> TokenStream {
        let (this, methods) = (&self.this, self.methods(span, walked));
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
    fn methods(&self, span: Span, walked: bool) -> TokenStream {
        let (pf, this, exit) = (self.pf, &self.this, &self.exit);
        let max_steps = quote_spanned!(span=> (&__GRAPH).max_steps());
        // rustc shows where `run` is declared. Its tokens have the span of the flow's name and
        // belong to the macro.
        let declared = span.resolved_at(Span::call_site());
        let (run, shared) = (
            Ident::new("run", declared),
            Ident::new("__shared", declared),
        );
        let On {
            generics,
            store,
            bounds,
            body,
        } = self.run_on(&shared, walked);
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
                    #body
                }

                /// Runs this flow with a driver: `.with(driver).run(&mut shared)`.
                pub fn with<__D, __K>(
                    &self,
                    __driver: __D,
                ) -> #pf::With<'_, Self, __D, #pf::NoContext, __K> {
                    #pf::With::new(self, __driver)
                }

                /// Gives a run of this flow its context: `.context(&services).run(&mut shared)`.
                pub fn context<__C: #pf::BorrowContext>(
                    &self,
                    __context: __C,
                ) -> #pf::WithContext<'_, Self, __C::Pointer> {
                    #pf::WithContext::new(self, #pf::BorrowContext::pointer(__context))
                }
            }
        }
    }

    /// What `run` works on.
    fn run_on(&self, shared: &Ident, walked: bool) -> On {
        let pf = self.pf;
        let named = self.store();
        if !walked {
            return On {
                generics: named.is_none().then(|| quote!(<__S>)),
                store: named.map_or_else(|| quote!(__S), ToTokens::to_token_stream),
                bounds: None,
                body: quote!(async { __p::unreachable!() }),
            };
        }
        let Some(named) = named else {
            return On {
                generics: Some(quote!(<__S: #pf::Shared>)),
                store: quote!(__S::Itself),
                bounds: Some(quote!(where Self: __p::Walk<__S, __p::Undriven<__S::Absent>>,)),
                body: quote!(__p::run_direct::<Self, __S>(self, #shared)),
            };
        };
        // A store that is none is reported where the flow names it.
        let (span, at) = (named.span(), pf.at(named.span()));
        On {
            generics: None,
            store: quote_spanned!(span=> <#named as #at::Shared>::Itself),
            bounds: Some(quote!(where __Stores: __p::Soundness,)),
            body: quote!(__p::run_direct::<Self, #named>(self, #shared)),
        }
    }
}

/// What the `run` of a flow works on.
struct On {
    /// Its parameters.
    generics: Option<TokenStream>,
    /// The type of the store.
    store: TokenStream,
    /// What it asks for.
    bounds: Option<TokenStream>,
    body: TokenStream,
}
