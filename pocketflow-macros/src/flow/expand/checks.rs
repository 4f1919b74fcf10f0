//! The checks of a graph: a constant for each, on the token that its message is about.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::Flow;
use super::pause::time_check;
use crate::flow::model::{Edge, Node, Target};

impl Flow<'_> {
    /// The checks that a flow must pass to be run, as a type. Only the first that fails is
    /// reported, for the flow and for every call of `run`.
    pub(super) fn sound(&self) -> TokenStream {
        let pf = self.pf;
        let store = self.store().map(|store| {
            let at = pf.at(store.span());
            quote_spanned!(store.span()=> const __STORE: &#at::Store = <#store as #at::Shared>::STORE;)
        });
        let places = self.model.places.iter().enumerate().map(|(index, stands)| {
            let branches = stands.nodes.iter().enumerate().filter(|_| stands.is_fork());
            let branches = branches.map(
                |(branch, node)| quote_spanned!(node.span()=> (&__GRAPH).check_branch(#index, #branch);),
            );
            let place = match store {
                Some(_) => quote_spanned!(stands.first=> (&__GRAPH).check_own_store(#index, __STORE);),
                None => quote_spanned!(stands.first=> (&__GRAPH).check_store(#index);),
            };
            let on_fields = stands.nodes.iter().enumerate();
            let on_fields = on_fields.map(|(node, stands)| self.on_field_sound(index, node, stands));
            quote!(#place #(#branches)* #(#on_fields)*)
        });
        quote! {
            #store
            type __Stores = __p::Sound<{ #(#places)* 0 }>;
        }
    }

    /// A place has two constants, on its first mention, so that one of two mistakes that can occur
    /// together does not hide the other. Everything that has its own token has one constant.
    pub(super) fn checks(&self) -> TokenStream {
        // If an input is not a field of the store, rustc reports it where the flow names its store.
        let named = self.store().is_some();
        let places = self.model.places.iter().enumerate().map(|(index, place)| {
            // In a loop without an exit, all writes are overwritten. Another message reports the
            // loop, or it is intended. A warning does not depend on what the constant evaluates, so
            // it needs none of its own. It is the value of the constant, because as a statement it
            // would have no effect, which is another warning.
            let overwritten = |branch: usize, node: &Node| {
                self.ends.then(|| {
                    quote_spanned! {node.span()=>
                        __p::PF011::<
                            { (&__SOLUTION).has_dead_write(&__GRAPH, #index, #branch) }
                        >::VALUE
                    }
                })
            };
            let branches =
                place.nodes.iter().enumerate().filter(|_| place.is_fork()).map(|(branch, node)| {
                    let overwritten = overwritten(branch, node);
                    quote_spanned! {node.span()=>
                        const _: () = { (&__GRAPH).check_fields(#index, #branch); #overwritten };
                        const _: () = (&__SOLUTION).check_reads(&__GRAPH, #index, #branch);
                    }
                });
            let alone = (!place.is_fork()).then(|| overwritten(0, &place.nodes[0]));
            let field = place.nodes[0].waits_for();
            let waits = field.map(|field| {
                quote_spanned!(field.span()=> const _: () = (&__GRAPH).check_await(#index, #named);)
            });
            let time = time_check(index, &place.nodes[0]);
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
                #time
                const _: () = { (&__SOLUTION).check_wiring(&__GRAPH, #index); #(#leaves)* #alone };
                #arrival
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
            let field = edge.error.as_ref().and_then(|error| error.field.as_ref()).map(|field| {
                quote_spanned!(field.span()=> const _: () = (&__GRAPH).check_error_field(#index, #named);)
            });
            let bound = bound_check(index, edge);
            quote!(#action #field #arrival #bound #otherwise)
        });
        let inputs = self.inputs().iter().enumerate();
        let inputs = inputs.map(
            |(index, input)| quote_spanned!(input.span()=> const _: () = (&__GRAPH).check_input(#index, #named);),
        );
        let on_fields = self.on_field_checks();
        quote!(#(#inputs)* #(#places)* #(#edges)* #on_fields)
    }
}

/// The check of a bound that is a constant.
fn bound_check(index: usize, edge: &Edge) -> Option<TokenStream> {
    let span = edge.bound.as_ref()?.constant?;
    Some(quote_spanned!(span=> const _: () = (&__GRAPH).check_bound(#index);))
}

pub(super) fn action_check(index: usize, edge: &Edge) -> TokenStream {
    quote_spanned!(edge.action_span=> const _: () = (&__GRAPH).check_action(#index);)
}
