//! The impl with which a visitor sees the fields of a store.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Type};

use super::fields::Field;
use super::serde::Serde;
use crate::krate::Krate;
use crate::names::ours;
use crate::types::without_self;

/// The impl of `Fields`, with its bounds.
pub(super) fn visits(
    pf: &Krate,
    store: &Ident,
    serde: &Serde,
    fields: &[Field<'_>],
    sound: Option<&TokenStream>,
) -> TokenStream {
    let (mut helpers, mut bounds, mut arms) = (Vec::new(), Vec::new(), Vec::new());
    // Many fields share few types, and each bound is checked wherever the impl is used.
    let mut types = HashMap::new();
    for (
        index,
        Field {
            name,
            ty,
            serde: field,
            ..
        },
    ) in fields.iter().enumerate()
    {
        if field.skip {
            continue;
        }
        let name = &ours(name);
        let default = default_of(store, serde, name, ty, field);
        if field.write.is_none() && field.read.is_none() {
            // Types with different spellings can be the same type. The index keeps their bounds
            // apart; otherwise, rustc could not choose between two bounds on one `fn(&str)`.
            let place = *types
                .entry(ty.to_token_stream().to_string())
                .or_insert_with(|| {
                    // With the span of the type, so that rustc shows a field that the visitor does
                    // not take.
                    bounds.push(
                    quote_spanned!(ty.span()=> __p::FieldIndex<#index>: __p::ShowField<__V, #ty>),
                );
                    index
                });
            let default = match default {
                Some(default) => quote!(__p::Option::Some(#default)),
                None => quote!(__p::Option::None),
            };
            arms.push(quote! {
                #index => <__p::FieldIndex<#place> as __p::ShowField<__V, #ty>>::show(
                    __visitor, __field, &mut self.#name, #default,
                )
            });
            continue;
        }
        let (write, read) = (
            format_ident!("__Write{index}"),
            format_ident!("__Read{index}"),
        );
        let mut named = (*ty).clone();
        without_self(&mut named, &store.clone().into());
        helpers.push(with(serde, &named, field, &write, &read));
        bounds.push(quote_spanned!(ty.span()=> __V: for<'a> #pf::VisitWith<#write<'a>, #read>));
        let default = match default {
            Some(default) => quote!(__p::Option::Some(|| #read((#default)()))),
            None => quote!(__p::Option::None),
        };
        arms.push(quote! {
            #index => {
                let __read = <__V as #pf::VisitWith<#write<'_>, #read>>::field_with(
                    __visitor, __field, #write(&self.#name), #default,
                );
                if let __p::Option::Some(#read(__value)) = __read {
                    self.#name = __value;
                }
            }
        });
    }
    let body = if arms.is_empty() {
        quote!(let _ = (__index, __visitor);)
    } else {
        quote! {
            let __field = &<Self as #pf::Shared>::STORE.fields[__index];
            match __index {
                #(#arms,)*
                _ => {}
            }
        }
    };
    quote! {
        #(#helpers)*

        #[automatically_derived]
        impl<__V> #pf::Fields<__V> for #store
        where
            #sound
            #(#bounds,)*
        {
            fn visit_field(&mut self, __index: __p::usize, __visitor: &mut __V) {
                #body
            }
        }
    }
}

/// A function that makes the value that serde uses if the field is missing.
fn default_of(
    store: &Ident,
    serde: &Serde,
    name: &Ident,
    ty: &Type,
    field: &Serde,
) -> Option<TokenStream> {
    match (&field.default, &serde.default) {
        (Some(Some(function)), _) => Some(quote!(#function)),
        (Some(None), _) => Some(quote!(<#ty as ::core::default::Default>::default)),
        (None, Some(Some(function))) => Some(quote!(|| #function().#name)),
        (None, Some(None)) => {
            Some(quote!(|| <#store as ::core::default::Default>::default().#name))
        }
        (None, None) => None,
    }
}

/// The types with which serde's functions for a field are called. If only one of them is given, the
/// other half comes from the type. Its bound has a lifetime, so that it is only required where a
/// visitor requires it.
fn with(serde: &Serde, ty: &Type, field: &Serde, write: &Ident, read: &Ident) -> TokenStream {
    let path = serde
        .path
        .as_ref()
        .map_or_else(|| quote!(::serde), ToTokens::to_token_stream);
    let (write_bound, write_call) = match &field.write {
        Some(function) => (None, quote!(#function(self.0, __serializer))),
        None => (
            Some(quote!(where &'a #ty: #path::Serialize)),
            quote!(<&'a #ty as #path::Serialize>::serialize(&self.0, __serializer)),
        ),
    };
    let (read_bound, read_call) = match &field.read {
        Some(function) => (None, quote!(#function(__deserializer))),
        None => (
            Some(quote!(where #ty: #path::Deserialize<'de>)),
            quote!(<#ty as #path::Deserialize<'de>>::deserialize(__deserializer)),
        ),
    };
    quote! {
        struct #write<'a>(&'a #ty);

        #[automatically_derived]
        impl<'a> #path::Serialize for #write<'a> #write_bound {
            fn serialize<__S: #path::Serializer>(
                &self,
                __serializer: __S,
            ) -> __p::Result<__S::Ok, __S::Error> {
                #write_call
            }
        }

        struct #read(#ty);

        // In the form in which it is written, so that a value that was read can be compared.
        #[automatically_derived]
        impl #path::Serialize for #read {
            fn serialize<__S: #path::Serializer>(
                &self,
                serializer: __S,
            ) -> __p::Result<__S::Ok, __S::Error> {
                #path::Serialize::serialize(&#write(&self.0), serializer)
            }
        }

        #[automatically_derived]
        impl<'de> #path::Deserialize<'de> for #read #read_bound {
            fn deserialize<__D: #path::Deserializer<'de>>(
                __deserializer: __D,
            ) -> __p::Result<Self, __D::Error> {
                __p::Result::map(#read_call, #read)
            }
        }
    }
}
