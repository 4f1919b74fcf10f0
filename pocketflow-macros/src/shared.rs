//! `#[derive(Shared)]`: metadata about a struct, which it never changes.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Data, DeriveInput, Ident, Token};

use crate::krate::Krate;
use crate::names::{Allow, ours};
use crate::refusal::Errors;

mod fields;
mod threads;

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
    /// The library.
    krate: Krate,
    is_generic: bool,
    generics: &'a syn::Generics,
    allow: Option<Allow>,
    fields: Vec<fields::Field<'a>>,
    serde: fields::Serde,
}

fn parse(input: &DeriveInput) -> (Store<'_>, Errors) {
    let mut errors = Errors::default();
    let is_generic = !input.generics.params.is_empty();
    let serde = fields::Serde::of(&input.attrs);
    let krate = krate(&input.attrs, &mut errors);
    let allow = Allow::of(&input.attrs);
    let mut store = Store {
        name: &input.ident,
        krate,
        is_generic,
        generics: &input.generics,
        allow,
        fields: Vec::new(),
        serde,
    };
    if is_generic {
        errors.at(
            &input.generics,
            "a shared store has no type or lifetime parameters: a flow runs on one type",
        );
    }
    match &input.data {
        Data::Struct(data) => {
            match &data.fields {
                syn::Fields::Named(fields) => {
                    store.allow = store
                        .allow
                        .or_else(|| fields.named.iter().find_map(|f| Allow::of(&f.attrs)));
                    store.fields = fields.named.iter().filter_map(fields::Field::of).collect();
                }
                syn::Fields::Unnamed(fields) => {
                    errors
                    .at(fields, "name the fields of a shared store: a node's parameters borrow them by name");
                }
                syn::Fields::Unit => {}
            }
        }
        Data::Enum(data) => errors.at(
            data.enum_token,
            "a shared store is a struct with named fields",
        ),
        Data::Union(data) => errors.at(
            data.union_token,
            "a shared store is a struct with named fields",
        ),
    }
    (store, errors)
}

/// `#[shared(crate = path)]` on the struct.
fn krate(attributes: &[Attribute], errors: &mut Errors) -> Krate {
    let mut krate = None;
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("shared"))
    {
        let options = attribute.parse_args_with(|input: ParseStream<'_>| {
            while !input.is_empty() {
                if !Krate::is_next(input) {
                    return Err(
                        input.error("a shared store has the option `crate = path::to::pocketflow`")
                    );
                }
                let given = Krate::parse(input)?;
                if krate.replace(given).is_some() {
                    errors.at(attribute, "`crate` is given twice");
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        });
        if let Err(error) = options {
            errors.push(error);
        }
    }
    krate.unwrap_or_default()
}

/// A store of which nothing is known, so that what runs on it has nothing to add.
fn nothing(store: &Store<'_>, errors: &TokenStream) -> TokenStream {
    let (pf, name, alias) = (&store.krate, ours(store.name), store.krate.alias());
    let (generics, arguments, _) = store.generics.split_for_impl();
    quote! {
        #errors
        const _: () = {
            #alias
            #[automatically_derived]
            impl #generics __p::BetweenThreads for #name #arguments
            where
                Self: __p::Send + __p::Sync + 'static,
            {
            }

            #[automatically_derived]
            impl #generics #pf::Shared for #name #arguments
            where
                Self: __p::Send + __p::Sync + 'static,
            {
                const STORE: &'static #pf::Store = &#pf::Store::new("", "", &[]);
                fn is_filled(&self, _: __p::usize) -> __p::bool {
                    false
                }
            }
        };
    }
}

fn expand(store: &Store<'_>, errors: &Errors) -> TokenStream {
    let (pf, text, errors) = (
        &store.krate,
        store.name.unraw().to_string(),
        errors.to_compile_errors(),
    );
    if store.is_generic {
        return nothing(store, &errors);
    }
    let name = ours(store.name);
    let fields = store
        .fields
        .iter()
        .map(|field| field.describe(pf, &store.serde));
    let filled = store
        .fields
        .iter()
        .enumerate()
        .map(|(index, fields::Field { name, ty, .. })| {
            let name = ours(name);
            quote!(#index => __p::Probe::<#ty>::__filled(&self.#name))
        });
    let checks: Vec<_> = store
        .fields
        .iter()
        .filter_map(|field| threads::check(&name, field))
        .collect();
    let (checks, sound) = match &checks[..] {
        [] => (None, None),
        checks => (
            Some(quote!(type __Sound = (#(#checks,)*);)),
            Some(quote!(__Sound: __p::Soundness,)),
        ),
    };
    let visits = fields::visits(pf, &name, &store.serde, &store.fields, sound.as_ref());
    // Behind a static, since rustc writes out a constant wherever it is named.
    let description = quote! {
                const STORE: &'static #pf::Store = {
                    static __STORE: #pf::Store = #pf::Store::new(
                        #text,
                        ::core::concat!(
                            ::core::module_path!(), "::", #text, " at ", ::core::file!(), ":", ::core::line!(),
                            ":", ::core::column!()
                        ),
                        <#name as #pf::Shared>::FIELDS,
                    );
                    &__STORE
                };
    };
    let (allow, unused, alias) = (store.allow, pf.allow_unused(), pf.alias());
    quote! {
        #errors
        #allow
        const _: () = {
            #alias
            #unused
            use #pf::__private::{NoBlank as _, NoThreads as _, Plain as _};

            #checks

            #[automatically_derived]
            impl __p::BetweenThreads for #name
            where
                #sound
            {
            }

            #[automatically_derived]
            impl #pf::Shared for #name
            where
                #sound
            {
                const FIELDS: &'static [#pf::Field] = &[#(#fields),*];

                #description

                fn is_filled(&self, __field: __p::usize) -> __p::bool {
                    match __field {
                        #(#filled,)*
                        _ => false,
                    }
                }

                fn blank() -> __p::Option<Self> {
                    __p::Blank::<#name>::__blank()
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
