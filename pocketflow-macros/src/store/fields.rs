//! The impl with which a visitor sees the fields of a store, and the attributes of serde that
//! affect it.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Attribute, ExprPath, Ident, LitStr, Meta, Path, Token, Type, parenthesized};

use crate::krate::Krate;
use crate::names::ours;
use crate::refusal::{Errors, refuse};
use crate::types::{arguments, last_name, may_be_alias, option, without_self};

/// A field of a store.
pub(super) struct Field<'a> {
    pub(super) name: &'a Ident,
    pub(super) ty: &'a Type,
    serde: Serde,
    /// Whether it is confidential.
    redacted: bool,
}

/// The `#[serde(…)]` attributes of a field or of the struct. Serde's own derive reports mistakes in
/// them.
#[derive(Default)]
pub(super) struct Serde {
    skip: bool,
    write: Option<ExprPath>,
    read: Option<ExprPath>,
    /// The outer `Option` tells whether there is a default, and the inner one names its function.
    default: Option<Option<ExprPath>>,
    flatten: bool,
    /// The name, or the rule for the names, that serde uses to read.
    rename: Option<String>,
    rename_all: Option<String>,
    /// Other names and rules.
    aliases: Vec<String>,
    rules: Vec<String>,
    /// The path of the crate.
    path: Option<Path>,
}

impl Serde {
    pub(super) fn of(attributes: &[Attribute]) -> Self {
        let mut serde = Self::default();
        for attribute in attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("serde"))
        {
            let _ = attribute.parse_nested_meta(|meta| serde.read(&meta));
        }
        serde
    }

    fn read(&mut self, meta: &syn::meta::ParseNestedMeta<'_>) -> syn::Result<()> {
        let key = meta
            .path
            .get_ident()
            .map(Ident::to_string)
            .unwrap_or_default();
        // `rename(serialize = "…", deserialize = "…")`, `bound(…)`.
        if meta.input.peek(syn::token::Paren) {
            let inner;
            parenthesized!(inner in meta.input);
            while !inner.is_empty() {
                let half: Ident = inner.parse()?;
                inner.parse::<Token![=]>()?;
                let value: LitStr = inner.parse()?;
                match key.as_str() {
                    "rename" if half == "serialize" => self.aliases.push(value.value()),
                    "rename_all" if half == "serialize" => self.rules.push(value.value()),
                    _ => self.keep(&key, &value)?,
                }
                if !inner.is_empty() {
                    inner.parse::<Token![,]>()?;
                }
            }
            return Ok(());
        }
        if meta.input.peek(Token![=]) {
            let value: syn::Lit = meta.value()?.parse()?;
            if let syn::Lit::Str(value) = value {
                self.keep(&key, &value)?;
            }
            return Ok(());
        }
        match key.as_str() {
            "skip" | "skip_serializing" | "skip_deserializing" => self.skip = true,
            "default" => self.default = Some(None),
            "flatten" => self.flatten = true,
            _ => {}
        }
        Ok(())
    }

    fn keep(&mut self, key: &str, value: &LitStr) -> syn::Result<()> {
        let function = |name: &str| {
            let mut module: ExprPath = value.parse()?;
            module
                .path
                .segments
                .push(format_ident!("{name}", span = value.span()).into());
            Ok::<_, syn::Error>(module)
        };
        match key {
            "with" => {
                (self.write, self.read) =
                    (Some(function("serialize")?), Some(function("deserialize")?))
            }
            "serialize_with" => self.write = Some(value.parse()?),
            "deserialize_with" => self.read = Some(value.parse()?),
            "default" => self.default = Some(Some(value.parse()?)),
            "rename" => self.rename = Some(value.value()),
            "rename_all" => self.rename_all = Some(value.value()),
            "alias" => self.aliases.push(value.value()),
            "crate" => self.path = Some(value.parse()?),
            _ => {}
        }
        Ok(())
    }
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

/// The name of a field under one of serde's rules, if the rule changes it.
fn renamed(name: &str, rule: &str) -> Option<String> {
    let pascal = || {
        let mut upper = true;
        let mut text = String::new();
        for letter in name.chars() {
            if letter == '_' {
                upper = true;
            } else if upper {
                text.push(letter.to_ascii_uppercase());
                upper = false;
            } else {
                text.push(letter);
            }
        }
        text
    };
    match rule {
        "UPPERCASE" | "SCREAMING_SNAKE_CASE" => Some(name.to_ascii_uppercase()),
        "PascalCase" => Some(pascal()),
        "camelCase" => {
            let text = pascal();
            let first = text.get(..1)?.to_ascii_lowercase();
            Some(first + &text[1..])
        }
        "kebab-case" => Some(name.replace('_', "-")),
        "SCREAMING-KEBAB-CASE" => Some(name.to_ascii_uppercase().replace('_', "-")),
        _ => None,
    }
}

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
