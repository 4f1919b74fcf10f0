//! The graph as a constant, and the checks on it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt;

use super::{Flow, alias};
use crate::flow::model::{DEFAULT, Edge, Target};
use crate::krate::Krate;

impl Flow<'_> {
    pub(super) fn graph(&self) -> TokenStream {
        let pf = self.pf;
        let name =
            self.model.header.as_ref().map(|header| header.name.unraw().to_string()).unwrap_or_default();
        let places = self.model.places.iter().enumerate().map(|(index, place)| {
            let mut nodes = place.nodes.iter().enumerate().map(|(node, stands)| {
                let name = if stands.waits { place.label.clone() } else { stands.name.unraw().to_string() };
                let alias = alias(index, node, stands.span());
                let node = quote_spanned!(stands.span()=> <#alias as #pf::__private::Stands>::INFO);
                quote!(#pf::Place { name: #name, node: #node, fork: &[] })
            });
            if !place.is_fork() {
                return nodes.next().unwrap_or_default();
            }
            let label = &place.label;
            quote! {
                {
                    const __FORK: &[#pf::Place] = &[#(#nodes),*];
                    const __WORDS: #pf::__private::usize = __FORK[0].node.store.words();
                    #pf::Place {
                        name: #label,
                        node: &#pf::__private::together(
                            #label,
                            __FORK,
                            &#pf::__private::union::<__WORDS>(__FORK, #pf::__private::Of::Reads),
                            &#pf::__private::union::<__WORDS>(__FORK, #pf::__private::Of::Peeks),
                            &#pf::__private::union::<__WORDS>(__FORK, #pf::__private::Of::Writes),
                        ),
                        fork: __FORK,
                    }
                }
            }
        });
        let written = self.model.edges.iter().map(|edge| {
            let bound = match &edge.bound {
                Some(bound) => {
                    let (max, otherwise) = (bound.max, target(pf, bound.otherwise));
                    quote!(#pf::__private::Option::Some(#pf::Bound { max: #max, otherwise: #otherwise }))
                }
                None => quote!(#pf::__private::Option::None),
            };
            let Edge { from, action, to, .. } = edge;
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
        let end = self.model.exits.iter().position(|exit| exit.name == DEFAULT);
        let unwritten = (0..self.model.places.len()).filter(|place| self.model.is_last(*place));
        let unwritten = unwritten.zip(end.into_iter().cycle()).map(|(from, end)| {
            quote! {
                #pf::Edge {
                    from: #from,
                    action: #DEFAULT,
                    to: #pf::Target::Exit(#end),
                    bound: #pf::__private::Option::None,
                    written: false,
                }
            }
        });
        let exits = self.model.exits.iter().map(|exit| &exit.name);
        let inputs = self.inputs().iter().map(|input| input.unraw().to_string());
        quote! {
            &#pf::Graph {
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
        let pf = self.pf;
        let places = self.model.places.iter().enumerate().map(|(index, place)| {
            // A loop that nothing leads out of overwrites all it writes: that is said already, or meant.
            let overwritten = place.nodes.iter().enumerate().filter(|_| self.ends).map(|(branch, node)| {
                quote_spanned! {node.span()=>
                    const _: () = #pf::__private::PF011::<
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

fn target(pf: &Krate, target: Target) -> TokenStream {
    match target {
        Target::Place(place) => quote!(#pf::Target::Place(#place)),
        Target::Exit(exit) => quote!(#pf::Target::Exit(#exit)),
    }
}
