//! The placeholder of a node that has too many errors to be generated. With it, a flow that uses
//! the node reports no further errors.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{GenericParam, Generics};

use super::{declaration, ours};
use crate::krate::Krate;
use crate::node::model::Model;

/// The placeholder of a node.
pub(super) fn of_model(model: &Model) -> TokenStream {
    let (pf, declaration) = (&model.options.krate, declaration(model, &ours(&model.name)));
    let placeholder = match &model.generic {
        Some((generics, ty)) => impls(pf, &ty.to_token_stream(), generics.clone()),
        None => impls(pf, &model.node.to_token_stream(), Generics::default()),
    };
    quote!(#declaration #placeholder)
}

/// A node of any store that is marked as unknown.
fn impls(pf: &Krate, ty: &TokenStream, mut generics: Generics) -> TokenStream {
    if generics.type_params().next().is_some() {
        let bounded = syn::parse_quote!(#ty: __p::Send + __p::Sync);
        generics.make_where_clause().predicates.push(bounded);
    }
    let alias = pf.alias();
    let (parameters, _, bounds) = generics.split_for_impl();
    let mut of_step = generics.clone();
    let on_any_store: [GenericParam; 2] = [
        syn::parse_quote!(__S),
        syn::parse_quote!(__K: __p::StepKind),
    ];
    of_step.params.extend(on_any_store);
    let of_step = of_step.split_for_impl().0.to_token_stream();
    quote! {
        const _: () = {
            #alias
            #[automatically_derived]
            impl #parameters __p::Describe for #ty #bounds {
                const NODE: __p::Description = __p::Description::UNKNOWN;
                type Reads<'__a> = ();
            }
            #[automatically_derived]
            impl #of_step __p::FlowStep<__S, __K> for #ty #bounds {
                fn runner() -> impl __p::Runner<__S, __K, Self> {
                    __p::NoRunner
                }
            }
        };
    }
}
