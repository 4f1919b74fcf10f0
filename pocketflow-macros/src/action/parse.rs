//! The variants of the enum, and the attributes on them.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, LitStr, Path, Token, Type, Variant};

use crate::krate::Krate;
use crate::names::{Allow, code, snake};
use crate::refusal::{Errors, refuse};
use crate::types::option;

pub(super) struct Actions<'a> {
    pub(super) name: &'a Ident,
    /// The library.
    pub(super) krate: Krate,
    pub(super) allow: Option<Allow>,
    /// The store that the fields of the variants belong to.
    pub(super) store: Option<Path>,
    pub(super) actions: Vec<Action<'a>>,
    /// The parameters of the enum, which are an error.
    pub(super) generics: &'a syn::Generics,
}

pub(super) struct Action<'a> {
    pub(super) variant: &'a Variant,
    pub(super) name: String,
    pub(super) fields: Vec<Field<'a>>,
}

/// A field of a variant.
pub(super) struct Field<'a> {
    pub(super) name: &'a Ident,
    pub(super) ty: &'a Type,
    pub(super) write: Write,
}

/// How a field of a variant is written to the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Write {
    /// It replaces the value of the store's field.
    Sets,
    /// It is an `Option`: it sets a late field or clears it.
    SetsOrClears,
    /// It has `#[appends]`: it extends the value of the store's field.
    Appends,
}

impl<'a> Field<'a> {
    fn of(field: &'a syn::Field, errors: &mut Errors) -> Option<Self> {
        let mut write = match option(&field.ty) {
            Some(_) => Write::SetsOrClears,
            None => Write::Sets,
        };
        for attribute in appends(&field.attrs) {
            if let Err(error) = attribute.meta.require_path_only() {
                errors.on(
                    error.span(),
                    "`#[appends]` takes nothing: the field extends the store's field of the same name",
                );
            } else if write == Write::Appends {
                errors.at(attribute, "`#[appends]` is written twice");
            }
            write = Write::Appends;
        }
        Some(Self {
            name: field.ident.as_ref()?,
            ty: &field.ty,
            write,
        })
    }
}

fn appends(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("appends"))
}

pub(super) fn parse(input: &DeriveInput) -> (Actions<'_>, Errors) {
    let mut errors = Errors::default();
    let (store, krate) = options(&input.attrs, &mut errors);
    let allow = Allow::of(&input.attrs);
    let mut actions = Actions {
        name: &input.ident,
        krate,
        allow,
        store,
        actions: Vec::new(),
        generics: &input.generics,
    };
    if !input.generics.params.is_empty() {
        errors.at(
            &input.generics,
            "actions have no type or lifetime parameters",
        );
    }
    let variants = match &input.data {
        Data::Enum(data) => &data.variants,
        Data::Struct(data) => {
            errors.at(
                data.struct_token,
                "an action is the variant of an enum: write an enum with a variant for each action",
            );
            return (actions, errors);
        }
        Data::Union(data) => {
            errors.at(
                data.union_token,
                "an action is the variant of an enum: write an enum with a variant for each action",
            );
            return (actions, errors);
        }
    };
    if variants.is_empty() {
        errors.at(
            &input.ident,
            "a node returns at least one action: give the enum a variant for each",
        );
    }
    for variant in variants {
        let name = action_name(variant, &mut errors);
        if let Some(other) = actions.actions.iter().find(|other| other.name == name) {
            let wrong = format!(
                "`{}` and `{}` are both the action \"{name}\"",
                other.variant.ident, variant.ident
            );
            let help = "give one of them another name: `#[action(\"…\")]`";
            errors.at(&variant.ident, refuse(wrong).help(help));
        }
        let fields = match &variant.fields {
            Fields::Named(fields) => {
                let named = fields.named.iter();
                named
                    .filter_map(|field| Field::of(field, &mut errors))
                    .collect()
            }
            Fields::Unit => Vec::new(),
            Fields::Unnamed(fields) if fields.unnamed.is_empty() => Vec::new(),
            Fields::Unnamed(fields) => {
                let message = "name the fields: they are written to the store's fields of the same name, as in \
                               `Search { search_query: String }`";
                errors.at(fields, message);
                Vec::new()
            }
        };
        if let Some(attribute) = appends(&variant.attrs).next() {
            errors.at(
                attribute,
                "`#[appends]` is on a field of the variant: `Note { #[appends] notes: String }`",
            );
        }
        if let (Some(field), None) = (fields.first(), &actions.store) {
            let message = format!(
                "the fields of an action are written to a store: name it, with `#[action(Store)]` on `{}`",
                input.ident
            );
            if errors.is_empty() {
                errors.at(field.name, message);
            }
        }
        actions.actions.push(Action {
            variant,
            name,
            fields,
        });
    }
    (actions, errors)
}

/// `#[action(Order, crate = path)]` on the enum.
fn options(attributes: &[Attribute], errors: &mut Errors) -> (Option<Path>, Krate) {
    let (mut stores, mut krate) = (Vec::new(), None);
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("action"))
    {
        let mut option = |input: ParseStream<'_>| -> syn::Result<()> {
            if !Krate::is_next(input) {
                named_store(input, errors);
                let path = input.call(Path::parse_mod_style);
                stores.push(path.map_err(|error| {
                    let message =
                        "expected the store that the fields are written to: `#[action(Order)]`";
                    refuse(message).on(error.span())
                })?);
            } else if krate.replace(Krate::parse(input)?).is_some() {
                errors.at(attribute, "`crate` is given twice");
            }
            Ok(())
        };
        let parsed = attribute.parse_args_with(|input: ParseStream<'_>| {
            option(input)?;
            while !input.is_empty() {
                input.parse::<Token![,]>()?;
                if !input.is_empty() {
                    option(input)?;
                }
            }
            Ok(())
        });
        if let Err(error) = parsed {
            errors.push(error);
        }
    }
    if let [_, second, ..] = &stores[..] {
        errors.at(second, "the fields of an action are written to one store");
    }
    (stores.into_iter().next(), krate.unwrap_or_default())
}

/// `store = ` before the store, which is reported and skipped.
fn named_store(input: ParseStream<'_>, errors: &mut Errors) {
    let ahead = input.fork();
    let (name, equals) = (ahead.parse::<Ident>(), ahead.parse::<Token![=]>());
    let (Ok(name), Ok(_), Ok(store)) = (name, equals, Path::parse_mod_style(&ahead)) else {
        return;
    };
    let store = code(&store);
    let message = format!("the store is named alone: write `#[action({store})]`");
    errors.at(&name, message);
    let _ = (input.parse::<Ident>(), input.parse::<Token![=]>());
}

/// `#[action("needs-info")]` on a variant, or its name in snake_case.
fn action_name(variant: &Variant, errors: &mut Errors) -> String {
    let mut name = snake(&variant.ident.unraw().to_string());
    for attribute in variant
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("action"))
    {
        match attribute.parse_args::<LitStr>() {
            Ok(literal) if literal.value().is_empty() => {
                errors.at(&literal, "an action has a name")
            }
            Ok(literal) => name = literal.value(),
            Err(error) => errors.on(
                error.span(),
                "expected the name of the action in quotes: `#[action(\"needs-info\")]`",
            ),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;

    use super::*;

    fn parsed(tokens: TokenStream) -> (Vec<String>, Vec<String>) {
        let input = syn::parse2(tokens).unwrap();
        let (actions, errors) = parse(&input);
        (
            actions
                .actions
                .into_iter()
                .map(|action| action.name)
                .collect(),
            errors.messages(),
        )
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
    fn a_field_sets_or_clears_or_extends_the_field_of_the_store() {
        let input = syn::parse2(quote! {
            #[action(Order)]
            enum Tool {
                Read { path: String, line: Option<u32>, page: std::option::Option<u32> },
                Complain { #[appends] history: String, #[appends] more: Option<String> },
            }
        })
        .unwrap();
        let (actions, errors) = parse(&input);
        assert!(errors.is_empty());
        let writes = actions.actions.iter().flat_map(|action| &action.fields);
        let writes: Vec<_> = writes.map(|field| field.write).collect();
        use Write::{Appends, Sets, SetsOrClears};
        let expected = [Sets, SetsOrClears, SetsOrClears, Appends, Appends];
        assert_eq!(writes, expected);
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
            quote!(
                #[action(Order)]
                enum A {
                    #[appends]
                    B { notes: String },
                }
            ),
            quote!(
                #[action(Order)]
                enum A {
                    B {
                        #[appends(notes)]
                        notes: String,
                    },
                }
            ),
            quote!(
                #[action(Order)]
                enum A {
                    B {
                        #[appends]
                        #[appends]
                        notes: String,
                    },
                }
            ),
        ];
        for tokens in cases {
            let (_, errors) = parsed(tokens.clone());
            assert_eq!(errors.len(), 1, "{tokens}: {errors:?}");
        }
    }
}
