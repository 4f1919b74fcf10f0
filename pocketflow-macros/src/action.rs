//! `#[derive(Action)]`: the variants of an enum are the actions of a node.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, LitStr, Path, Variant};

use crate::errors::Errors;
use crate::names::snake;

/// The whole of the derive.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    match syn::parse2(input) {
        Ok(input) => {
            let (actions, errors) = parse(&input);
            expand(&actions, &errors)
        }
        Err(error) => error.to_compile_error(),
    }
}

struct Actions<'a> {
    name: &'a Ident,
    /// The store that the fields of the variants belong to.
    store: Option<Path>,
    actions: Vec<Action<'a>>,
}

struct Action<'a> {
    variant: &'a Variant,
    name: String,
    fields: Vec<&'a Ident>,
}

fn parse(input: &DeriveInput) -> (Actions<'_>, Errors) {
    let mut errors = Errors::default();
    let mut actions =
        Actions { name: &input.ident, store: store(&input.attrs, &mut errors), actions: Vec::new() };
    if !input.generics.params.is_empty() {
        errors.at(&input.generics, "actions have no type or lifetime parameters");
    }
    let variants = match &input.data {
        Data::Enum(data) => &data.variants,
        Data::Struct(data) => {
            errors.at(
                data.struct_token,
                "an action is a variant: write an enum with one variant for each action",
            );
            return (actions, errors);
        }
        Data::Union(data) => {
            errors.at(
                data.union_token,
                "an action is a variant: write an enum with one variant for each action",
            );
            return (actions, errors);
        }
    };
    if variants.is_empty() {
        errors.at(&input.ident, "a node returns at least one action: give the enum a variant for each");
    }
    for variant in variants {
        let name = action_name(variant, &mut errors);
        if let Some(other) = actions.actions.iter().find(|other| other.name == name) {
            let message =
                format!("`{}` and `{}` are both the action \"{name}\"", other.variant.ident, variant.ident);
            errors.at(&variant.ident, message);
        }
        let fields = match &variant.fields {
            Fields::Named(fields) => fields.named.iter().filter_map(|field| field.ident.as_ref()).collect(),
            Fields::Unit => Vec::new(),
            Fields::Unnamed(fields) => {
                let message = "name the fields: they are written to the store's fields of the same name, as in \
                               `Search { search_query: String }`";
                errors.at(fields, message);
                Vec::new()
            }
        };
        if let (Some(field), None) = (fields.first(), &actions.store) {
            let message = format!(
                "the fields of an action are written to the store: say to which, with `#[action(Store)]` on `{}`",
                input.ident
            );
            if errors.is_empty() {
                errors.at(field, message);
            }
        }
        actions.actions.push(Action { variant, name, fields });
    }
    (actions, errors)
}

/// `#[action(Order)]` on the enum.
fn store(attributes: &[Attribute], errors: &mut Errors) -> Option<Path> {
    let mut stores = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("action")) {
        match attribute.parse_args::<Path>() {
            Ok(path) => stores.push(path),
            Err(error) => errors.push(syn::Error::new(
                error.span(),
                "expected the store that the fields are written to: `#[action(Order)]`",
            )),
        }
    }
    if let [_, second, ..] = &stores[..] {
        errors.at(second, "the fields of an action are written to one store");
    }
    stores.into_iter().next()
}

/// `#[action("needs-info")]` on a variant, or its name in snake_case.
fn action_name(variant: &Variant, errors: &mut Errors) -> String {
    let mut name = snake(variant.ident.to_string().trim_start_matches("r#"));
    for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("action")) {
        match attribute.parse_args::<LitStr>() {
            Ok(literal) if literal.value().is_empty() => errors.at(&literal, "an action has a name"),
            Ok(literal) => name = literal.value(),
            Err(error) => errors.push(syn::Error::new(
                error.span(),
                "expected the name of the action in quotes: `#[action(\"needs-info\")]`",
            )),
        }
    }
    name
}

fn expand(actions: &Actions<'_>, errors: &Errors) -> TokenStream {
    let (name, compile_errors) = (actions.name, errors.to_compile_errors());
    let infos = actions.actions.iter().map(|Action { name, fields, .. }| {
        let fields = fields.iter().map(|field| field.to_string());
        quote!(::pocketflow::ActionInfo { name: #name, writes: &[#(#fields),*] })
    });
    let arms = actions.actions.iter().enumerate().map(|(index, Action { variant, fields, .. })| {
        let ident = &variant.ident;
        // A value of its own for each field: a field of the store may have the name of a variable of this function.
        let values: Vec<_> = fields.iter().map(|field| format_ident!("__{}", field)).collect();
        let writes = fields.iter().zip(&values).map(
            |(field, value)| quote!(::pocketflow::__private::Slot(&mut shared.#field).write(|| #value);),
        );
        quote!(Self::#ident { #(#fields: #values,)* .. } => { #(#writes)* #index })
    });
    let take = match &actions.store {
        // With an error the fields may be anything; the actions and their names still count.
        _ if !errors.is_empty() => quote! {
            impl<__S> ::pocketflow::__private::Take<__S> for #name {
                fn take(self, _: &mut __S) -> usize { ::core::unreachable!() }
            }
        },
        Some(store) => {
            let impl_for = quote_spanned!(store.span()=> ::pocketflow::__private::Take<#store>);
            quote! {
                impl #impl_for for #name {
                    #[inline]
                    fn take(self, shared: &mut #store) -> usize {
                        match self { #(#arms,)* }
                    }
                }
            }
        }
        None => quote! {
            impl<__S> ::pocketflow::__private::Take<__S> for #name {
                #[inline]
                fn take(self, _: &mut __S) -> usize {
                    match self { #(#arms,)* }
                }
            }
        },
    };
    quote! {
        #compile_errors
        const _: () = {
            #[allow(unused_imports)]
            use ::pocketflow::__private::FillPlain as _;

            #[automatically_derived]
            impl ::pocketflow::Action for #name {
                const ACTIONS: &'static [::pocketflow::ActionInfo] = &[#(#infos),*];
            }

            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            #take
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(tokens: TokenStream) -> (Vec<String>, Vec<String>) {
        let input = syn::parse2(tokens).unwrap();
        let (actions, errors) = parse(&input);
        (actions.actions.into_iter().map(|action| action.name).collect(), errors.messages())
    }

    #[test]
    fn variants_are_actions_in_snake_case_or_by_their_attribute() {
        let (actions, errors) = parsed(quote! {
            enum Verdict { Approved, NeedsInfo, #[action("give-up")] GiveUp }
        });
        assert!(errors.is_empty());
        assert_eq!(actions, ["approved", "needs_info", "give-up"]);
    }

    #[test]
    fn one_mistake_is_one_error() {
        let cases = [
            quote!(
                enum A {
                    B { reason: String },
                    C { other: String },
                }
            ),
            quote!(
                #[action(Order)]
                enum A {
                    B(String),
                }
            ),
            quote!(
                enum A {
                    B,
                    #[action("b")]
                    C,
                }
            ),
            quote!(
                enum A {}
            ),
            quote!(
                struct A;
            ),
            quote!(
                #[action("Order")]
                enum A {
                    B,
                }
            ),
            quote!(
                enum A {
                    #[action(b)]
                    B,
                }
            ),
            quote!(
                enum A<T> {
                    B,
                }
            ),
        ];
        for tokens in cases {
            let (_, errors) = parsed(tokens.clone());
            assert_eq!(errors.len(), 1, "{tokens}: {errors:?}");
        }
    }
}
