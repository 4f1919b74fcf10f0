//! The graph as a constant.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Ident;
use syn::ext::IdentExt;

use super::{Flow, on_field};
use crate::flow::model::{DEFAULT, Edge, ErrorEdge, Node, Target};
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
        let rows = self.rows();
        let count = rows.len();
        let places = self.places();
        // rustc asks whether a constant is meant to take so long after two million steps. A small
        // flow does not come near that.
        let long = self.long();
        let edges = self.edges();
        let exits = self.model.exits.iter().map(|exit| &exit.name);
        let inputs = self.inputs().iter().map(|input| input.unraw().to_string());
        quote! {
            const __ROWS: &[&__p::Description; #count] = &[#(#rows),*];
            const __WORDS: __p::usize = __p::Description::words(__ROWS);
            type __Sets = __p::FieldSets<
                #count, { __p::Description::action_count(__ROWS) * __WORDS }, __WORDS,
            >;
            #long
            static __SETS: __Sets = __Sets::of(__ROWS);
            static __NODES: [#pf::NodeInfo; #count] = (&__SETS).nodes(__ROWS);
            static __GRAPH: #pf::Graph = #pf::Graph {
                name: #name,
                places: &[#(#places),*],
                edges: &[#(#edges),*],
                exits: &[#(#exits),*],
                inputs: &[#(#inputs),*],
            };
        }
    }

    /// The description of each node.
    fn rows(&self) -> Vec<TokenStream> {
        let rows = self
            .model
            .places
            .iter()
            .enumerate()
            .flat_map(|(index, place)| {
                let nodes = place.nodes.iter().enumerate();
                nodes.map(move |(node, stands)| self.row(index, node, stands))
            });
        rows.collect()
    }

    /// The description of a node, a flow, or a flow on a field.
    pub(super) fn row(&self, place: usize, index: usize, node: &Node) -> TokenStream {
        match &node.on {
            Some(_) if self.sound => on_field::row(place, index).into_token_stream(),
            Some(_) => quote!(&__p::Description::UNKNOWN),
            None => on_field::info(place, index, node),
        }
    }

    /// The places, with a row for each node of each.
    fn places(&self) -> Vec<TokenStream> {
        let pf = self.pf;
        let mut row = 0_usize;
        let places = self.model.places.iter().map(|place| {
            let nodes = place.nodes.iter().map(|stands| {
                let name = &stands.label;
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
        places.collect()
    }

    /// The edges that are written, followed by one from each place without an edge to the exit.
    fn edges(&self) -> Vec<TokenStream> {
        let pf = self.pf;
        let written = self.model.edges.iter().map(|edge| {
            let bound = match &edge.bound {
                Some(bound) => {
                    let (max, otherwise) = (&bound.max, target(pf, bound.otherwise));
                    quote!(__p::Option::Some(#pf::Bound { max: #max, otherwise: #otherwise }))
                }
                None => quote!(__p::Option::None),
            };
            let Edge {
                from, action, to, ..
            } = edge;
            let to = target(pf, *to);
            let error = match &edge.error {
                Some(ErrorEdge { field: None }) => {
                    quote!(__p::Option::Some(#pf::ErrorEdge { field: __p::Option::None }))
                }
                Some(ErrorEdge { field: Some(field) }) => {
                    let field = field.unraw().to_string();
                    quote! {
                        __p::Option::Some(#pf::ErrorEdge { field: __p::Option::Some(#field) })
                    }
                }
                None => quote!(__p::Option::None),
            };
            quote! {
                #pf::Edge {
                    from: #from,
                    action: #action,
                    to: #to,
                    bound: #bound,
                    error: #error,
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
                    error: __p::Option::None,
                    written: false,
                }
            }
        });
        written.chain(unwritten).collect()
    }

    pub(super) fn inputs(&self) -> &[Ident] {
        self.model
            .header
            .as_ref()
            .map_or(&[], |header| &header.inputs)
    }
}

fn target(pf: &Krate, target: Target) -> TokenStream {
    match target {
        Target::Place(place) => quote!(#pf::Target::Place(#place)),
        Target::Exit(exit) => quote!(#pf::Target::Exit(#exit)),
    }
}
