//! The graph as a constant, and the checks on it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::{Flow, alias};
use crate::flow::model::{DEFAULT, Edge, Target};
use crate::krate::Krate;

impl Flow<'_> {
    pub(super) fn graph(&self) -> TokenStream {
        let pf = self.pf;
        let name = self
            .model
            .header
            .as_ref()
            .map(|header| header.name.unraw().to_string())
            .unwrap_or_default();
        let rows = self
            .model
            .places
            .iter()
            .enumerate()
            .flat_map(|(index, place)| {
                place.nodes.iter().enumerate().map(move |(node, stands)| {
                    // What is no node is said where the type is named.
                    let last = stands.path.segments.last().filter(|_| stands.declared);
                    let span = last.map_or_else(|| stands.span(), |last| last.ident.span());
                    let alias = alias(index, node, span);
                    quote_spanned!(span=> <#alias as __p::Stands>::INFO)
                })
            });
        let rows: Vec<_> = rows.collect();
        let count = rows.len();
        let mut row = 0_usize;
        let places = self.model.places.iter().map(|place| {
            let nodes = place.nodes.iter().map(|stands| {
                let name = if stands.waits {
                    place.label.clone()
                } else {
                    stands.name.unraw().to_string()
                };
                let node = row;
                row += 1;
                quote!(#pf::Place { name: #name, node: &__NODES[#node], fork: &[] })
            });
            let nodes: Vec<_> = nodes.collect();
            if !place.is_fork() {
                return quote!(#(#nodes)*);
            }
            let label = &place.label;
            quote! {
                {
                    const __FORK: &[#pf::Place] = &[#(#nodes),*];
                    #pf::Place {
                        name: #label,
                        node: &#pf::NodeInfo::of_fork(
                            #label,
                            __FORK,
                            &__p::ForkSets::<__WORDS>::of(__FORK),
                        ),
                        fork: __FORK,
                    }
                }
            }
        });
        let places: Vec<_> = places.collect();
        // rustc asks after two million steps whether a constant is meant to take so long. A small
        // flow is far from that.
        let long = self.long();
        let written = self.model.edges.iter().map(|edge| {
            let bound = match &edge.bound {
                Some(bound) => {
                    let (max, otherwise) = (bound.max, target(pf, bound.otherwise));
                    quote!(__p::Option::Some(#pf::Bound { max: #max, otherwise: #otherwise }))
                }
                None => quote!(__p::Option::None),
            };
            let Edge {
                from, action, to, ..
            } = edge;
            let to = target(pf, *to);
            quote! {
                #pf::Edge {
                    from: #from,
                    action: #action,
                    to: #to,
                    bound: #bound,
                    written: true,
                }
            }
        });
        let end = self
            .model
            .exits
            .iter()
            .position(|exit| exit.name == DEFAULT);
        let unwritten = (0..self.model.places.len()).filter(|place| self.model.is_last(*place));
        let unwritten = unwritten.zip(end.into_iter().cycle()).map(|(from, end)| {
            quote! {
                #pf::Edge {
                    from: #from,
                    action: #DEFAULT,
                    to: #pf::Target::Exit(#end),
                    bound: __p::Option::None,
                    written: false,
                }
            }
        });
        let exits = self.model.exits.iter().map(|exit| &exit.name);
        let inputs = self.inputs().iter().map(|input| input.unraw().to_string());
        quote! {
            const __ROWS: &[&__p::Description; #count] = &[#(#rows),*];
            const __WORDS: __p::usize = __p::Description::words(__ROWS);
            type __Sets = __p::FieldSets<#count, { __p::Description::action_count(__ROWS) }, __WORDS>;
            #long
            static __SETS: __Sets = __Sets::of(__ROWS);
            static __NODES: [#pf::NodeInfo; #count] = (&__SETS).nodes(__ROWS);
            static __GRAPH: #pf::Graph = #pf::Graph {
                name: #name,
                places: &[#(#places),*],
                edges: &[#(#written,)* #(#unwritten),*],
                exits: &[#(#exits),*],
                inputs: &[#(#inputs),*],
            };
        }
    }

    fn inputs(&self) -> &[Ident] {
        self.model
            .header
            .as_ref()
            .map_or(&[], |header| &header.inputs)
    }

    /// The checks without which a flow cannot be run, as a type: the first that fails is the only
    /// thing that rustc says of them, and of every call of `run`.
    pub(super) fn sound(&self) -> TokenStream {
        let pf = self.pf;
        let store = self.store().map(|store| {
            let at = pf.at(store.span());
            quote_spanned!(store.span()=> const __STORE: &#at::Store = <#store as #at::Shared>::STORE;)
        });
        let places = self.model.places.iter().enumerate().map(|(index, place)| {
            let branches = place.nodes.iter().enumerate().filter(|_| place.is_fork());
            let branches = branches.map(
                |(branch, node)| quote_spanned!(node.span()=> (&__GRAPH).check_branch(#index, #branch);),
            );
            let place = match store {
                Some(_) => quote_spanned!(place.first=> (&__GRAPH).check_own_store(#index, __STORE);),
                None => quote_spanned!(place.first=> (&__GRAPH).check_store(#index);),
            };
            quote!(#place #(#branches)*)
        });
        quote! {
            #store
            type __Stores = __p::Sound<{ #(#places)* 0 }>;
        }
    }

    /// Two constants for a place, on its first mention: of what can be wrong at once, one is not to
    /// hide the other. For whatever stands elsewhere, one for each token.
    pub(super) fn checks(&self) -> TokenStream {
        // Of a field that is none, rustc speaks where the store is named.
        let named = self.store().is_some();
        let places = self.model.places.iter().enumerate().map(|(index, place)| {
            // A loop that nothing leads out of overwrites all it writes: that is said already, or meant.
            let overwritten = place.nodes.iter().enumerate().filter(|_| self.ends).map(|(branch, node)| {
                quote_spanned! {node.span()=>
                    const _: () = __p::PF011::<
                        { (&__SOLUTION).has_dead_write(&__GRAPH, #index, #branch) }
                    >::VALUE;
                }
            });
            let branches =
                place.nodes.iter().enumerate().filter(|_| place.is_fork()).map(|(branch, node)| {
                    quote_spanned! {node.span()=>
                        const _: () = (&__GRAPH).check_fields(#index, #branch);
                        const _: () = (&__SOLUTION).check_reads(&__GRAPH, #index, #branch);
                    }
                });
            let waits = place.nodes[0]
                .waits
                .then(|| quote_spanned!(place.first=> const _: () = (&__GRAPH).check_await(#index, #named);));
            let edges = || self.model.edges.iter().enumerate();
            let start = (index == 0).then(|| quote_spanned!(place.first=> (&__SOLUTION).check_start(&__GRAPH);));
            let arrives = edges().filter(|(_, edge)| edge.introduces && edge.to == Target::Place(index)).map(
                |(edge, _)| quote_spanned!(place.first=> (&__SOLUTION).check_arrival(&__GRAPH, #edge, false);),
            );
            let leaves = edges()
                .filter(|(_, edge)| edge.leaves_first && edge.from == index)
                .map(|(edge, _)| quote_spanned!(place.first=> (&__GRAPH).check_action(#edge);));
            let arrival: Vec<_> = start.into_iter().chain(arrives).collect();
            let arrival = (!arrival.is_empty())
                .then(|| quote_spanned!(place.first=> const _: () = { #(#arrival)* };));
            let place = quote_spanned! {place.first=>
                #waits
                const _: () = { (&__SOLUTION).check_wiring(&__GRAPH, #index); #(#leaves)* };
                #arrival
                #(#overwritten)*
            };
            quote!(#place #(#branches)*)
        });
        let edges = self.model.edges.iter().enumerate().map(|(index, edge)| {
            let action = (!edge.leaves_first).then(|| action_check(index, edge));
            let arrives = matches!(edge.to, Target::Place(_)) && !edge.introduces;
            let arrival = arrives.then(|| {
                quote_spanned!(edge.to_span=> const _: () = (&__SOLUTION).check_arrival(&__GRAPH, #index, false);)
            });
            let otherwise = edge.bound.as_ref().map(|bound| {
                quote_spanned!(bound.otherwise_span=> const _: () = (&__SOLUTION).check_arrival(&__GRAPH, #index, true);)
            });
            quote!(#action #arrival #otherwise)
        });
        let inputs = self.inputs().iter().enumerate();
        let inputs = inputs.map(
            |(index, input)| quote_spanned!(input.span()=> const _: () = (&__GRAPH).check_input(#index, #named);),
        );
        quote!(#(#inputs)* #(#places)* #(#edges)*)
    }
}

pub(super) fn action_check(index: usize, edge: &Edge) -> TokenStream {
    quote_spanned!(edge.action_span=> const _: () = (&__GRAPH).check_action(#index);)
}

fn target(pf: &Krate, target: Target) -> TokenStream {
    match target {
        Target::Place(place) => quote!(#pf::Target::Place(#place)),
        Target::Exit(exit) => quote!(#pf::Target::Exit(#exit)),
    }
}
