//! The graph as a constant, and the checks on it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Ident;

use super::{Flow, alias};
use crate::flow::model::{DEFAULT, Edge, Target};

impl Flow<'_> {
    pub(super) fn graph(&self) -> TokenStream {
        let name = self.model.header.as_ref().map(|header| header.name.to_string()).unwrap_or_default();
        let places = self.model.places.iter().enumerate().map(|(index, place)| {
            let mut nodes = place.nodes.iter().enumerate().map(|(node, stands)| {
                let name = if stands.waits { place.label.clone() } else { stands.name.to_string() };
                let alias = alias(index, node, stands.span());
                let node =
                    quote_spanned!(stands.span()=> &<#alias as ::pocketflow::__private::Describe>::NODE);
                quote!(::pocketflow::Place { name: #name, node: #node, fork: &[] })
            });
            if !place.is_fork() {
                return nodes.next().unwrap_or_default();
            }
            let label = &place.label;
            quote! {
                {
                    const __FORK: &[::pocketflow::Place] = &[#(#nodes),*];
                    const __WORDS: usize = __FORK[0].node.store.words();
                    ::pocketflow::Place {
                        name: #label,
                        node: &::pocketflow::__private::together(
                            #label,
                            __FORK,
                            &::pocketflow::__private::union::<__WORDS>(__FORK, ::pocketflow::__private::Of::Reads),
                            &::pocketflow::__private::union::<__WORDS>(__FORK, ::pocketflow::__private::Of::Peeks),
                            &::pocketflow::__private::union::<__WORDS>(__FORK, ::pocketflow::__private::Of::Writes),
                        ),
                        fork: __FORK,
                    }
                }
            }
        });
        let written = self.model.edges.iter().map(|edge| {
            let bound = match &edge.bound {
                Some(bound) => {
                    let (max, otherwise) = (bound.max, target(bound.otherwise));
                    quote!(Some(::pocketflow::Bound { max: #max, otherwise: #otherwise }))
                }
                None => quote!(None),
            };
            let Edge { from, action, to, .. } = edge;
            let to = target(*to);
            quote! {
                ::pocketflow::Edge {
                    from: #from,
                    action: #action,
                    to: #to,
                    bound: ::pocketflow::__private::Option::#bound,
                    written: true,
                }
            }
        });
        let end = self.model.exits.iter().position(|exit| exit.name == DEFAULT);
        let unwritten = (0..self.model.places.len()).filter(|place| self.model.is_last(*place));
        let unwritten = unwritten.zip(end.into_iter().cycle()).map(|(from, end)| {
            quote! {
                ::pocketflow::Edge {
                    from: #from,
                    action: #DEFAULT,
                    to: ::pocketflow::Target::Exit(#end),
                    bound: ::pocketflow::__private::Option::None,
                    written: false,
                }
            }
        });
        let exits = self.model.exits.iter().map(|exit| &exit.name);
        let inputs = self.inputs().iter().map(ToString::to_string);
        quote! {
            &::pocketflow::Graph {
                name: #name,
                places: &[#(#places),*],
                edges: &[#(#written,)* #(#unwritten),*],
                exits: &[#(#exits),*],
                inputs: &[#(#inputs),*],
            }
        }
    }

    fn inputs(&self) -> &[Ident] {
        self.model.header.as_ref().map_or(&[], |header| &header.inputs)
    }

    /// One constant for each token that a check may have something to say about.
    pub(super) fn checks(&self) -> TokenStream {
        // `#[allow(deprecated)]` on the flow is how PF011 is silenced.
        let lints = self.model.attributes.iter().filter(|attribute| {
            ["allow", "expect", "warn", "deny", "forbid"].iter().any(|lint| attribute.path().is_ident(lint))
        });
        let lints: Vec<_> = lints.collect();
        let places = self.model.places.iter().enumerate().map(|(index, place)| {
            // A loop that nothing leads out of overwrites all it writes: that is said already, or meant.
            let lints = &lints;
            let overwritten = place.nodes.iter().enumerate().filter(|_| self.ends).map(|(branch, node)| {
                quote_spanned! {node.span()=>
                    #(#lints)*
                    const _: () = ::pocketflow::__private::PF011::<
                        { __SOLUTION.is_overwritten(__GRAPH, #index, #branch) }
                    >::VALUE;
                }
            });
            let branches =
                place.nodes.iter().enumerate().filter(|_| place.is_fork()).map(|(branch, node)| {
                    quote_spanned! {node.span()=>
                        const _: () = __GRAPH.check_branch(#index, #branch);
                        const _: () = __GRAPH.check_fields(#index, #branch);
                        const _: () = __SOLUTION.check_reads(__GRAPH, #index, #branch);
                    }
                });
            let waits = place.nodes[0]
                .waits
                .then(|| quote_spanned!(place.first=> const _: () = __GRAPH.check_await(#index);));
            let place = quote_spanned! {place.first=>
                #waits
                const _: () = __GRAPH.check_store(#index);
                const _: () = __SOLUTION.check_wiring(__GRAPH, #index);
                #(#overwritten)*
            };
            quote!(#place #(#branches)*)
        });
        let edges = self.model.edges.iter().enumerate().map(|(index, edge)| {
            let action = action_check(index, edge);
            let arrival = quote_spanned!(edge.to_span=> const _: () = __SOLUTION.check_arrival(__GRAPH, #index, false););
            let otherwise = edge.bound.as_ref().map(|bound| {
                quote_spanned!(bound.otherwise_span=> const _: () = __SOLUTION.check_arrival(__GRAPH, #index, true);)
            });
            quote!(#action #arrival #otherwise)
        });
        let start = self.model.places[0].first;
        let start = quote_spanned!(start=> const _: () = __SOLUTION.check_start(__GRAPH););
        let inputs = self.inputs().iter().enumerate();
        let inputs = inputs
            .map(|(index, input)| quote_spanned!(input.span()=> const _: () = __GRAPH.check_input(#index);));
        quote!(#(#inputs)* #start #(#places)* #(#edges)*)
    }
}

pub(super) fn action_check(index: usize, edge: &Edge) -> TokenStream {
    quote_spanned!(edge.action_span=> const _: () = __GRAPH.check_action(#index);)
}

fn target(target: Target) -> TokenStream {
    match target {
        Target::Place(place) => quote!(::pocketflow::Target::Place(#place)),
        Target::Exit(exit) => quote!(::pocketflow::Target::Exit(#exit)),
    }
}
