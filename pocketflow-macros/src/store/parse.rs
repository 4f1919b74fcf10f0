//! The struct that is a store, and its attributes.

use syn::parse::ParseStream;
use syn::{Attribute, Data, DeriveInput, Ident, Token};

use super::fields;
use crate::krate::Krate;
use crate::names::Allow;
use crate::refusal::Errors;

pub(super) struct Store<'a> {
    pub(super) name: &'a Ident,
    /// The library.
    pub(super) krate: Krate,
    pub(super) is_generic: bool,
    pub(super) generics: &'a syn::Generics,
    pub(super) allow: Option<Allow>,
    pub(super) fields: Vec<fields::Field<'a>>,
    pub(super) serde: fields::Serde,
}

pub(super) fn parse(input: &DeriveInput) -> (Store<'_>, Errors) {
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

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;

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
