//! `#[derive(Shared)]`: metadata about a struct, which it never changes.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Data, DeriveInput, Ident};

use crate::errors::Errors;

mod fields;

/// The whole of the derive.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    match syn::parse2(input) {
        Ok(input) => {
            let (store, errors) = parse(&input);
            expand(&store, &errors)
        }
        Err(error) => error.to_compile_error(),
    }
}

struct Store<'a> {
    name: &'a Ident,
    is_generic: bool,
    fields: Vec<fields::Field<'a>>,
    serde: fields::Serde,
}

fn parse(input: &DeriveInput) -> (Store<'_>, Errors) {
    let mut errors = Errors::default();
    let is_generic = !input.generics.params.is_empty();
    let serde = fields::Serde::of(&input.attrs);
    let mut store = Store { name: &input.ident, is_generic, fields: Vec::new(), serde };
    if is_generic {
        errors.at(
            &input.generics,
            "a shared store has no type or lifetime parameters: a flow runs on one type",
        );
    }
    match &input.data {
        Data::Struct(data) => match &data.fields {
            syn::Fields::Named(fields) => {
                store.fields = fields.named.iter().filter_map(fields::Field::of).collect();
            }
            syn::Fields::Unnamed(fields) => {
                errors
                    .at(fields, "name the fields of a shared store: a node's parameters borrow them by name");
            }
            syn::Fields::Unit => {}
        },
        Data::Enum(data) => errors.at(data.enum_token, "a shared store is a struct with named fields"),
        Data::Union(data) => errors.at(data.union_token, "a shared store is a struct with named fields"),
    }
    (store, errors)
}

fn expand(store: &Store<'_>, errors: &Errors) -> TokenStream {
    let (name, text, errors) = (store.name, store.name.to_string(), errors.to_compile_errors());
    if store.is_generic {
        return errors;
    }
    let fields = store.fields.iter().map(|field| field.describe(&store.serde));
    let filled = store.fields.iter().enumerate().map(|(index, fields::Field { name, ty, .. })| {
        quote!(#index => ::pocketflow::__private::Probe::<#ty>::filled(&self.#name))
    });
    let visits = fields::visits(name, &store.serde, &store.fields);
    // On the name, so that a store that cannot be shared between threads is reported there.
    let between_threads = quote_spanned!(name.span()=> #name: ::pocketflow::__private::BetweenThreads);
    quote! {
        #errors
        const _: () = {
            #[allow(unused_imports)]
            use ::pocketflow::__private::{NoBlank as _, Plain as _};

            #[automatically_derived]
            impl ::pocketflow::Shared for #name
            where
                #between_threads,
            {
                const STORE: &'static ::pocketflow::Store = &::pocketflow::Store::new(
                    #text,
                    ::core::concat!(
                        ::core::module_path!(), "::", #text, " at ", ::core::file!(), ":", ::core::line!(), ":",
                        ::core::column!()
                    ),
                    &[#(#fields),*],
                );

                fn is_filled(&self, field: usize) -> bool {
                    match field {
                        #(#filled,)*
                        _ => false,
                    }
                }

                fn blank() -> ::pocketflow::__private::Option<Self> {
                    ::pocketflow::__private::Blank::<#name>::blank()
                }
            }

            #visits
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(tokens: TokenStream) -> Vec<String> {
        parse(&syn::parse2(tokens).unwrap()).1.messages()
    }

    #[test]
    fn a_store_is_a_struct_with_named_fields() {
        assert!(
            errors(quote!(
                struct Order {
                    total: u64,
                    receipt: Option<String>,
                }
            ))
            .is_empty()
        );
        assert!(
            errors(quote!(
                struct Nothing;
            ))
            .is_empty()
        );
        assert_eq!(
            errors(quote!(
                struct Order(u64);
            ))
            .len(),
            1
        );
        assert_eq!(
            errors(quote!(
                enum Order {
                    A,
                }
            ))
            .len(),
            1
        );
        assert_eq!(
            errors(quote!(
                struct Order<T> {
                    total: T,
                }
            ))
            .len(),
            1
        );
    }
}
