//! The fields of a store, and their entries in its description.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Ident, Meta, Type};

use super::serde::{Serde, renamed};
use crate::krate::Krate;
use crate::refusal::{Errors, refuse};
use crate::types::{arguments, last_name, may_be_alias, option};

/// A field of a store.
pub(super) struct Field<'a> {
    pub(super) name: &'a Ident,
    pub(super) ty: &'a Type,
    pub(super) serde: Serde,
    /// Whether it is confidential.
    redacted: bool,
}

impl<'a> Field<'a> {
    pub(super) fn of(field: &'a syn::Field, errors: &mut Errors) -> Option<Self> {
        Some(Self {
            name: field.ident.as_ref()?,
            ty: &field.ty,
            serde: Serde::of(&field.attrs),
            redacted: is_redacted(&field.attrs, errors),
        })
    }

    /// Whether its type is an `Option`, or a name that may be an alias of one.
    pub(super) fn may_be_late(&self) -> bool {
        option(self.ty).is_some() || may_be_alias(self.ty)
    }

    /// Whether the tokens of its type are those of an `Option<Failed>`.
    pub(super) fn is_failure(&self) -> bool {
        let held = option(self.ty).and_then(last_name);
        held.is_some_and(|name| name == "Failed")
    }

    /// Whether the tokens of its type are those of an `Option<Vec<Failed>>`.
    fn is_failures(&self) -> bool {
        let held = option(self.ty).filter(|held| last_name(held).is_some_and(|name| name == "Vec"));
        let item = held.and_then(|held| arguments(held).next());
        let item = item.and_then(last_name);
        item.is_some_and(|name| name == "Failed")
    }

    /// Its entry in the store's description.
    pub(super) fn describe(&self, pf: &Krate, store: &Serde) -> TokenStream {
        let Self {
            name, ty, serde, ..
        } = self;
        let name = &*name.unraw().to_string();
        let field = quote!(#pf::Field::new(#name, __p::FieldKind::<#ty>::__LATE));
        let field = if self.redacted {
            quote!(#field.confidential())
        } else {
            field
        };
        let field = match option(ty) {
            Some(held) if option(held).is_some() => quote!(#field.holding_option(true)),
            // `Failed`, under its own name.
            Some(_) if self.is_failure() => {
                quote!(#field.for_failure(__p::FieldKind::<#ty>::__FAILURE))
            }
            Some(_) if self.is_failures() => {
                quote!(#field.for_failures(__p::FieldKind::<#ty>::__FAILURES))
            }
            Some(held) if may_be_alias(held) => {
                quote!(#field.holding_option(__p::FieldKind::<#held>::__LATE))
            }
            _ => field,
        };
        if serde.skip {
            return quote!(#field.skipped());
        }
        let by_rule = || {
            store
                .rename_all
                .as_ref()
                .and_then(|rule| renamed(name, rule))
        };
        let stored = match &serde.rename {
            // Serde has no name for it. Its members are beside the other fields.
            _ if serde.flatten => Some(format!("..{name}")),
            Some(rename) => Some(rename.clone()),
            None => by_rule(),
        };
        let field = match &stored {
            Some(stored) if stored != name => quote!(#field.stored_as(#stored)),
            _ => field,
        };
        let mut aliases = serde.aliases.clone();
        aliases.extend(store.rules.iter().filter_map(|rule| renamed(name, rule)));
        if aliases.is_empty() {
            field
        } else {
            quote!(#field.also(&[#(#aliases),*]))
        }
    }
}

/// Whether a field has `#[shared(redact)]`.
fn is_redacted(attributes: &[Attribute], errors: &mut Errors) -> bool {
    const OPTION: &str =
        "a field of a shared store has one option: `#[shared(redact)]`, for a confidential value";
    let mut redacted = false;
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("shared"))
    {
        let read = attribute.parse_args_with(|input: ParseStream<'_>| {
            let option = match input.call(Ident::parse_any) {
                Ok(option) => option,
                Err(error) => return Err(refuse(OPTION).on(error.span())),
            };
            if option == "context" || option == "crate" {
                let on_struct =
                    format!("`{option}` is an option of the struct: write it above the `struct`");
                return Err(refuse(on_struct).at(option));
            }
            if option != "redact" {
                return Err(refuse(OPTION).at(option));
            }
            if !input.is_empty() {
                let rest: TokenStream = input.parse()?;
                return Err(refuse("`redact` takes no value: write `#[shared(redact)]`").at(rest));
            }
            if redacted {
                return Err(refuse("`redact` is given twice").at(option));
            }
            redacted = true;
            Ok(())
        });
        if let Err(error) = read {
            // An attribute without parentheses has no tokens that syn could name.
            errors.push(match attribute.meta {
                Meta::List(_) => error,
                _ => refuse(OPTION).at(attribute),
            });
        }
    }
    redacted
}
