//! The impls of an enum of actions.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::GenericParam;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::parse::{Action, Actions};
use crate::names::ours;
use crate::refusal::Errors;

pub(super) fn expand(actions: &Actions<'_>, errors: &Errors) -> TokenStream {
    let (pf, compile_errors) = (&actions.krate, errors.to_compile_errors());
    let name = ours(actions.name);
    let infos = actions.actions.iter().map(|Action { name, fields, .. }| {
        let fields = fields.iter().map(|(field, _)| field.unraw().to_string());
        quote!(#pf::ActionInfo { name: #name, writes: &[#(#fields),*] })
    });
    // If there is an error, a flow cannot check the actions, so it sees none.
    let infos = match errors.is_empty() {
        true => quote!(&[#(#infos),*]),
        false => quote!(#pf::ActionInfo::UNKNOWN),
    };
    let arms = arms(actions);
    let index = quote!(__p::usize);
    let (generics, arguments, _) = actions.generics.split_for_impl();
    let parameters = actions.generics.params.iter().map(|parameter| {
        let mut parameter = parameter.clone();
        match &mut parameter {
            GenericParam::Type(parameter) => parameter.default = None,
            GenericParam::Const(parameter) => parameter.default = None,
            GenericParam::Lifetime(_) => {}
        }
        parameter
    });
    let bounds = (!actions.generics.params.is_empty()).then(|| quote!(where Self: __p::Send));
    let take = match &actions.store {
        // If there is an error, anything may be missing.
        _ if !errors.is_empty() => quote! {
            impl<#(#parameters,)* __S> __p::DerivedAction<__S> for #name #arguments #bounds {
                fn take_derived(self, _: &mut __S) -> #index { __p::unreachable!() }
            }
        },
        Some(store) => {
            let impl_for = quote_spanned!(store.span()=> __p::DerivedAction<#store>);
            quote! {
                impl #impl_for for #name {
                    #[inline]
                    fn take_derived(self, __shared: &mut #store) -> #index {
                        match self { #(#arms,)* }
                    }
                }
            }
        }
        None => quote! {
            impl<__S> __p::DerivedAction<__S> for #name {
                #[inline]
                fn take_derived(self, _: &mut __S) -> #index {
                    match self { #(#arms,)* }
                }
            }
        },
    };
    let (allow, unused, alias) = (actions.allow, pf.allow_unused(), pf.alias());
    quote! {
        #compile_errors
        #allow
        const _: () = {
            #alias
            #unused
            use #pf::__private::FillPlain as _;

            #[automatically_derived]
            impl #generics #pf::Action for #name #arguments #bounds {
                const ACTIONS: &'static [#pf::ActionInfo] = #infos;
            }

            #[automatically_derived]
            #take
        };
    }
}

/// The match arms that write the fields of each variant and return its index.
fn arms(actions: &Actions<'_>) -> Vec<TokenStream> {
    let arms = actions.actions.iter().enumerate().map(
        |(
            index,
            Action {
                variant, fields, ..
            },
        )| {
            let ident = ours(&variant.ident);
            // The variables are numbered, because a field may have the name of any variable.
            let values = fields.iter().enumerate();
            let values: Vec<_> = values
                .map(|(index, (_, ty))| format_ident!("__{index}", span = *ty))
                .collect();
            let own: Vec<_> = fields.iter().map(|(field, _)| ours(field)).collect();
            let writes = fields.iter().zip(&values).map(
            |((field, _), value)| quote!(__p::FieldSlot(&mut __shared.#field).__write(|| #value);),
        );
            quote!(Self::#ident { #(#own: #values,)* .. } => { #(#writes)* #index })
        },
    );
    arms.collect()
}
