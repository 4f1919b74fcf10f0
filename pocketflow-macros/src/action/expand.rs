//! The impls of an enum of actions.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{GenericParam, Ident};

use super::parse::{Action, Actions, Field, Write};
use crate::krate::Krate;
use crate::names::{code, ours};
use crate::refusal::{Errors, option_under_another_name};
use crate::types::may_be_alias;

pub(super) fn expand(actions: &Actions<'_>, errors: &Errors) -> TokenStream {
    let (pf, compile_errors) = (&actions.krate, errors.to_compile_errors());
    let name = ours(actions.name);
    let infos = actions.actions.iter().map(|action| info(pf, action));
    // If there is an error, a flow cannot check the actions, so it sees none.
    let infos = match errors.is_empty() {
        true => quote!(&[#(#infos),*]),
        false => quote!(#pf::ActionInfo::UNKNOWN),
    };
    let arms = arms(actions);
    let checks = errors.is_empty().then(|| checks(actions));
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
            use #pf::__private::methods::*;
            #checks

            #[automatically_derived]
            impl #generics #pf::Action for #name #arguments #bounds {
                const ACTIONS: &'static [#pf::ActionInfo] = #infos;
            }

            #[automatically_derived]
            #take
        };
    }
}

/// The description of an action.
fn info(pf: &Krate, Action { name, fields, .. }: &Action<'_>) -> TokenStream {
    let mut rest = false;
    let mut list = |of: Write, list: TokenStream| {
        let names = fields.iter().filter(|field| field.write == of);
        let names: Vec<_> = names.map(|field| field.name.unraw().to_string()).collect();
        rest |= names.is_empty();
        (!names.is_empty()).then(|| quote!(#list: &[#(#names),*],))
    };
    let writes = list(Write::Sets, quote!(writes));
    let maybe_writes = list(Write::SetsOrClears, quote!(maybe_writes));
    let appends = list(Write::Appends, quote!(appends));
    let rest = rest.then(|| quote!(..#pf::ActionInfo::named(#name)));
    match (&writes, &maybe_writes, &appends) {
        (None, None, None) => quote!(#pf::ActionInfo::named(#name)),
        _ => quote!(#pf::ActionInfo { name: #name, #writes #maybe_writes #appends #rest }),
    }
}

/// The checks that the type of a field is not an alias of `Option`. Such a field would have to
/// empty the store's field.
fn checks(actions: &Actions<'_>) -> TokenStream {
    let fields = actions.actions.iter().flat_map(|action| &action.fields);
    let aliases = fields.filter(|field| field.may_be_option());
    let checks = aliases
        .zip(actions.store.iter().cycle())
        .map(|(field, store)| {
            let (ty, name) = (field.ty, field.name.unraw().to_string());
            let message = option_under_another_name(&code(ty), &name);
            let pf = &actions.krate;
            quote_spanned! {ty.span()=>
                const _: __p::usize = __p::check_returned(
                    !(__p::ReturnType::<#ty>::__IS_OPTION
                        && <#store as #pf::Shared>::STORE.is_emptied(#name)),
                    #message,
                );
            }
        });
    quote!(#(#checks)*)
}

impl Field<'_> {
    fn may_be_option(&self) -> bool {
        self.write == Write::Sets && may_be_alias(self.ty)
    }

    /// Writes the value of a variable to the store.
    fn write(&self, value: &Ident) -> TokenStream {
        let (field, ty) = (self.name, self.ty);
        match self.write {
            Write::Sets if self.may_be_option() => quote! {
                let #value = __p::ValueFor(#value, &__shared.#field).__plain();
                __p::FieldSlot(&mut __shared.#field).__write(|| #value);
            },
            Write::Sets => quote!(__p::FieldSlot(&mut __shared.#field).__write(|| #value);),
            Write::SetsOrClears => {
                quote!(__p::FieldSlot(&mut __shared.#field).__maybe(|| #value);)
            }
            Write::Appends => {
                let place = Ident::new("__place", ty.span());
                quote! {
                    let #place = __p::FieldSlot(&mut __shared.#field).__place();
                    __p::Append::<#ty, _>::append(#place, #value);
                }
            }
        }
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
                .map(|(index, field)| format_ident!("__{index}", span = field.ty.span()))
                .collect();
            let own: Vec<_> = fields.iter().map(|field| ours(field.name)).collect();
            let writes = fields.iter().zip(&values);
            let writes = writes.map(|(field, value)| field.write(value));
            quote!(Self::#ident { #(#own: #values,)* .. } => { #(#writes)* #index })
        },
    );
    arms.collect()
}
