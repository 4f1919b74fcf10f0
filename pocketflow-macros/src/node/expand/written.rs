//! How the value that a node returns is written to the fields of `writes`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Ident, Type};

use super::describe::field_name;
use super::{Node, inner, value};
use crate::names::code;
use crate::refusal::option_under_another_name;
use crate::types::{argument, last_name, may_be_alias};

/// A field of `writes`.
pub(super) struct Written<'a> {
    pub(super) field: &'a Ident,
    pub(super) by: By,
}

/// What the tokens show of the value that is written to a field.
pub(super) enum By {
    /// A value: it fills the field.
    Value,
    /// An `Option`: it sets a late field or clears it.
    Option,
    /// A type that may be an `Option` under another name, its name in messages, and its place.
    Unknown(TokenStream, String, Span),
}

impl Node<'_> {
    /// The fields of `writes`.
    pub(super) fn written_fields(&self) -> Vec<Written<'_>> {
        let Some(writes) = &self.model.options.writes else {
            return Vec::new();
        };
        let written = writes.fields.iter().enumerate().map(|(index, field)| {
            let by = if writes.tuple {
                self.by_element(index, writes.fields.len())
            } else {
                self.by_whole()
            };
            Written { field, by }
        });
        written.collect()
    }

    /// The type of the value that is written, as far as the tokens show it. A `post` writes what it
    /// likes, and the results of a batch are a list.
    fn value_type(&self) -> Option<&Type> {
        let output = &self.model.exec.output;
        match output.fallible {
            true => argument(&output.ty),
            false => Some(&output.ty),
        }
    }

    fn writes_itself(&self) -> bool {
        self.model.post.is_none() && self.model.each().is_none()
    }

    fn by_whole(&self) -> By {
        match self.value_type() {
            _ if !self.writes_itself() => By::Value,
            Some(ty) => by(ty),
            None => {
                let output = &self.model.exec.output;
                By::Unknown(value(output), code(&output.ty), output.span)
            }
        }
    }

    fn by_element(&self, index: usize, count: usize) -> By {
        match self.value_type() {
            Some(Type::Tuple(tuple)) if self.writes_itself() && tuple.elems.len() == count => {
                by(&tuple.elems[index])
            }
            _ => By::Value,
        }
    }

    /// The checks that a value is not an `Option` under another name.
    pub(super) fn of_option(&self) -> Vec<TokenStream> {
        if !self.sound {
            return Vec::new();
        }
        let store = self.store();
        let checks = self.written_fields().into_iter().filter_map(|written| {
            let By::Unknown(ty, text, span) = written.by else {
                return None;
            };
            let name = field_name(written.field);
            let message = option_under_another_name(&text, &name);
            let is_value = quote! {
                !(__p::ReturnType::<#ty>::__IS_OPTION && #store.is_emptied(#name)), #message
            };
            Some(self.check_call("check_returned", span, is_value))
        });
        checks.collect()
    }
}

fn by(ty: &Type) -> By {
    if last_name(ty).is_some_and(|last| last == "Option") {
        By::Option
    } else if may_be_alias(ty) {
        By::Unknown(inner(ty).to_token_stream(), code(ty), ty.span())
    } else {
        By::Value
    }
}

impl Written<'_> {
    /// Writes the value of a variable to the field.
    pub(super) fn write(&self, value: &Ident) -> TokenStream {
        let field = self.field;
        match self.by {
            By::Value => quote!(__p::FieldSlot(&mut __shared.#field).__write(|| #value);),
            By::Option => quote!(__p::FieldSlot(&mut __shared.#field).__maybe(|| #value);),
            By::Unknown(..) => quote! {
                let #value = __p::ValueFor(#value, &__shared.#field).__plain();
                __p::FieldSlot(&mut __shared.#field).__write(|| #value);
            },
        }
    }
}
