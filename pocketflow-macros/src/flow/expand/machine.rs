//! The state machine: the graph, the analyses, the checks and the walk.

use proc_macro2::{Literal, Span, TokenStream};
use quote::quote;
use syn::Ident;
use syn::ext::IdentExt;

use super::{Flow, walk};

impl Flow<'_> {
    pub(super) fn machine(&self) -> TokenStream {
        let (graph, solution, checks) = (self.graph(), self.solution(), self.checks());
        let on_fields = self.on_field_items();
        let (described, sound) = (self.described(), self.sound());
        let (sources, walk, walked) = (self.sources(), self.walk(), self.walked());
        quote! {
            #on_fields
            #graph
            #solution
            #checks
            #described
            #sound
            #sources
            #walk
            #walked
        }
    }

    /// The analyses of the graph, and what each step needs of them.
    pub(super) fn solution(&self) -> TokenStream {
        let (pf, long) = (self.pf, self.long());
        // After the exits comes the failure of the flow.
        let (places, outcomes) = (self.model.places.len(), self.model.exits.len() + 1);
        let branches: usize = self
            .model
            .places
            .iter()
            .filter(|place| place.is_fork())
            .map(|place| place.nodes.len())
            .sum();
        let sites = places + branches;
        // A step reads its target faster from a constant than from a static, and from a tuple without
        // a check of an index. A large flow would make a long tuple.
        let table = if self.is_small() {
            let types = (0..sites).map(|_| quote!(__p::Site));
            let forks = self.model.places.iter().enumerate();
            let forks = forks.filter(|(_, place)| place.is_fork());
            let branches = forks.flat_map(|(place, fork)| {
                (0..fork.nodes.len())
                    .map(move |branch| quote!(__p::Site::branch(&__OF, #place, #branch)))
            });
            let rows = (0..places)
                .map(|place| quote!(__p::Site::at(&__OF, &__SOLUTION, #place)))
                .chain(branches);
            quote!(const __SITES: &(#(#types,)*) = &(#(#rows,)*);)
        } else {
            quote!(static __SITES: [__p::Site; #sites] = __p::Site::all(&__OF, &__SOLUTION);)
        };
        quote! {
            type __Solution =
                __p::Solution<#places, { (&__GRAPH).action_count() }, { #outcomes * __WORDS }, __WORDS>;
            #long
            static __SOLUTION: __Solution = (&__GRAPH).solve();
            static __OF: &#pf::Graph = &__GRAPH;
            const __CONFIGURED: __p::bool = (&__GRAPH).is_configured();
            #table
        }
    }

    /// The flow as a node, and as a graph with exits.
    pub(super) fn described(&self) -> TokenStream {
        let (pf, this, exit) = (self.pf, &self.this, &self.exit);
        let variants = self.model.exits.iter().enumerate().map(|(index, named)| {
            let (index, variant) = (
                Literal::usize_unsuffixed(index),
                Ident::new(&named.variant.to_string(), Span::call_site()),
            );
            quote!(#index => #exit::#variant)
        });
        let text = self.name.unraw().to_string();
        let counts = self.model.edges.iter().any(|edge| edge.bound.is_some());
        let bounded = if counts { self.model.edges.len() } else { 0 };
        let checked = self.holds().map(|bound| quote!(where #bound));
        quote! {
            #[automatically_derived]
            impl __p::Describe for #this {
                const NODE: __p::Description =
                    __p::Description::of_flow((&__SOLUTION).info(#text, &__GRAPH));
                type Reads<'a> = ();
            }

            #[automatically_derived]
            impl #pf::Flow for #this #checked {
                type Exit = #exit;
                const GRAPH: &'static #pf::Graph = &__GRAPH;
                type EdgeCounts = [__p::u32; #bounded];
                const NO_COUNTS: Self::EdgeCounts = [0; #bounded];
                #[inline]
                fn exit(__exit: __p::usize) -> Self::Exit {
                    match __exit {
                        #(#variants,)*
                        _ => __p::unreachable!(),
                    }
                }
            }
        }
    }

    /// The walk, if the checks have passed.
    pub(super) fn walked(&self) -> TokenStream {
        let (pf, this) = (self.pf, &self.this);
        let check = (!self.fields().is_empty()).then(|| {
            quote! {
                fn check(
                    &self,
                    __context: &__p::FlowContext<'_, __M>,
                ) -> __p::Result<(), #pf::Error> {
                    <Self as __p::CheckedWalk<__S, __M, __Stores>>::check(self, __context)
                }
            }
        });
        quote! {
            #[automatically_derived]
            impl<__S, __M: __p::Mode> __p::Walk<__S, __M> for #this
            where
                Self: __p::CheckedWalk<__S, __M, __Stores>,
            {
                #check

                fn walk(
                    &self,
                    __cursor: __p::Cursor<'_, __M, <Self as #pf::Flow>::EdgeCounts>,
                    __shared: &mut __S,
                ) -> impl __p::StepFuture {
                    <Self as __p::CheckedWalk<__S, __M, __Stores>>::walk(self, __cursor, __shared)
                }
            }
        }
    }

    /// The site of a place, or of one node of a fork. The sites of the nodes of forks come after
    /// those of all places.
    pub(super) fn site(&self, place: usize, branch: Option<usize>) -> TokenStream {
        let forks = self.model.places[..place]
            .iter()
            .filter(|before| before.is_fork());
        let before = self.model.places.len() + forks.map(|fork| fork.nodes.len()).sum::<usize>();
        let index = Literal::usize_unsuffixed(branch.map_or(place, |branch| before + branch));
        if self.is_small() {
            quote!(&__SITES.#index)
        } else {
            quote!(&__SITES[#index])
        }
    }

    /// For constants that look at the whole flow. rustc asks whether a constant is meant to take so
    /// long after two million steps, and a small flow does not come near that.
    pub(super) fn long(&self) -> Option<TokenStream> {
        (!self.is_small()).then(|| quote!(#[allow(long_running_const_eval)]))
    }

    /// Whether one function walks all places.
    pub(super) fn is_small(&self) -> bool {
        self.model.places.len() <= walk::CHUNK
    }
}
