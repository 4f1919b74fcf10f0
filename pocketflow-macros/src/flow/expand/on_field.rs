//! Flows on fields: what they need besides a step.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::{Flow, alias};
use crate::flow::model::Node;
use crate::flow::parse::{OnField, Width};
use crate::names::{field_hash, is_identifier, pascal};

impl Flow<'_> {
    /// The flows on fields, each with its place and its index there. A flow that cannot be run has
    /// none of their parts.
    fn on_fields(&self) -> impl Iterator<Item = (usize, usize, &Node, &OnField, &Ident)> {
        let places = self.model.places.iter().enumerate().filter(|_| self.sound);
        let nodes = places.flat_map(|(place, stands)| {
            let nodes = stands.nodes.iter().enumerate();
            nodes.map(move |(index, node)| (place, index, node))
        });
        nodes.filter_map(|(place, index, node)| {
            let on = node.on.as_ref()?;
            Some((place, index, node, on, on.field.as_ref()?))
        })
    }

    /// The items of the flows on fields: the description of each place, and the store that is in
    /// each field.
    pub(super) fn on_field_items(&self) -> Option<TokenStream> {
        let store = self.store()?;
        let items: Vec<_> = self
            .on_fields()
            .map(|(place, index, node, on, field)| {
                let (row, info) = (row(place, index), info(place, index, node));
                let text = field.unraw().to_string();
                let (each, keep) = self.each(place, index, on);
                let held = self.store_in(place, index, on, field);
                quote! {
                    const #row: &__p::Description =
                        &__p::Description::on(#info, __STORE, #text, #each);
                    #held
                    #keep
                }
            })
            .collect();
        (!items.is_empty()).then(|| quote!(type __Shared = #store; #(#items)*))
    }

    /// How the flow runs on every item, and the function that keeps the failures of items.
    fn each(&self, place: usize, index: usize, on: &OnField) -> (TokenStream, Option<TokenStream>) {
        if !on.each {
            return (quote!(__p::Option::None), None);
        }
        let width = width(on);
        let each = quote!(__p::Each::at_a_time(#width));
        let Some(failures) = &on.options.failures else {
            return (quote!(__p::Option::Some(#each)), None);
        };
        let keep = format_ident!("__keep{place}_{index}");
        let (name, span) = (failures.unraw().to_string(), failures.span());
        let field = quote_spanned!(span=> |__shared: &mut __Shared| &mut __shared.#failures);
        // A local name resolves only at the span of its declaration.
        let (shared, kept) = (Ident::new("__shared", span), Ident::new("__failures", span));
        let call = quote_spanned!(span=> __p::keep_failures(#shared, #kept, #field));
        let keep_fn = quote! {
            fn #keep(#shared: &mut dyn __p::Any, #kept: __p::Vec<__p::Failed>) {
                #call
            }
        };
        (
            quote!(__p::Option::Some(__p::Each::failing_into(#each, #name, #keep))),
            Some(keep_fn),
        )
    }

    /// The store in the field. What is wrong with the field, rustc reports on its name.
    fn store_in(&self, place: usize, index: usize, on: &OnField, field: &Ident) -> TokenStream {
        let pf = self.pf;
        let (held, span) = (held(place, index, field.span()), field.span());
        let of = match on.each {
            true => quote_spanned!(span=> __p::items_store),
            false => quote_spanned!(span=> __p::field_store),
        };
        let field = quote_spanned!(span=> |__shared: &mut __Shared| &mut __shared.#field);
        quote_spanned!(span=> const #held: &#pf::Store = #of(#field);)
    }

    /// The checks of what a place runs, and on which field.
    pub(super) fn on_field_sound(
        &self,
        place: usize,
        index: usize,
        node: &Node,
    ) -> Option<TokenStream> {
        let on = node.on.as_ref()?;
        let field = on.field.as_ref()?;
        let (text, each) = (field.unraw().to_string(), on.each);
        let method = if each { "each" } else { "on" };
        let (info, place_text) = (info(place, index, node), &node.label);
        let name = node.path.segments.last()?.ident.unraw().to_string();
        let alone = match pascal(&name) {
            flow if flow != name && is_identifier(&flow) => flow,
            _ => format!("{name}Flow"),
        };
        let (flow, instead) = (
            format!("flow! {{ {alone} {{ {name}; }} }}"),
            format!("{alone}.{method}({text})"),
        );
        let is_flow =
            quote_spanned!(node.span()=> __p::check_is_flow(#info, #place_text, #flow, #instead););
        let held = held(place, index, field.span());
        let of_store =
            quote_spanned!(field.span()=> __p::check_field_store(#info, #text, #each, #held););
        Some(quote!(#is_flow #of_store))
    }

    /// The checks of the options.
    pub(super) fn on_field_checks(&self) -> TokenStream {
        let checks = self.on_fields().map(|(place, index, node, on, _)| {
            let width = match &on.options.parallel {
                Some(Width::Constant(path)) => {
                    Some(quote_spanned!(path.span()=> const _: () = __p::check_parallel(#path);))
                }
                _ => None,
            };
            let info = info(place, index, node);
            let failures = on.options.failures.as_ref().map(|field| {
                quote_spanned! {field.span()=>
                    const _: () = __p::check_failures(#info);
                    const _: () = (&__GRAPH).check_failures_field(#place, #index);
                }
            });
            quote!(#width #failures)
        });
        quote!(#(#checks)*)
    }
}

/// The runner of a flow on a field.
pub(super) fn runner(on: &OnField) -> TokenStream {
    let hash = on.field.as_ref().map(field_hash);
    if on.each {
        let width = width(on);
        quote!(__p::EachRunner::<#hash>(#width))
    } else {
        quote!(__p::OnRunner::<#hash>::RUNNER)
    }
}

/// What the store has to do with its field.
pub(super) fn bound(on: &OnField, flow: &Ident) -> TokenStream {
    let hash = on.field.as_ref().map(field_hash);
    let kind = if on.each {
        quote!(EachFlow)
    } else {
        quote!(OnFlow)
    };
    quote!(__S: __p::FieldOn<#hash, __p::#kind<#flow>, __M>)
}

/// A flow on a field, as a branch of a fork.
pub(super) fn branch(on: &OnField, flow: &Ident, source: &TokenStream) -> TokenStream {
    let hash = on.field.as_ref().map(field_hash);
    if on.each {
        let width = width(on);
        quote!(__p::EachBranch::<#hash, #flow, _>::new(#source, #width))
    } else {
        quote!(__p::OnBranch::<#hash, #flow, _>::new(#source))
    }
}

/// How many items may be in flight.
fn width(on: &OnField) -> TokenStream {
    match &on.options.parallel {
        None => quote!(1),
        Some(Width::Items(items, _)) => quote!(#items),
        Some(Width::Constant(path)) => quote!(#path),
        Some(Width::Unbounded) => quote!(__p::usize::MAX),
    }
}

/// The description of a place on a field.
pub(super) fn row(place: usize, node: usize) -> Ident {
    format_ident!("__ROW{place}_{node}")
}

/// The store in the field of a place.
fn held(place: usize, node: usize, span: Span) -> Ident {
    format_ident!("__FIELD{place}_{node}", span = span)
}

/// The description of the node or the flow that a place names.
pub(super) fn info(place: usize, index: usize, node: &Node) -> TokenStream {
    let last = node.path.segments.last().filter(|_| node.declared);
    let span = last.map_or_else(|| node.span(), |last| last.ident.span());
    let alias = alias(place, index, span);
    // If this is not a node, rustc reports that where the type is named.
    quote_spanned!(span=> <#alias as __p::NodeOrFlow>::INFO)
}
