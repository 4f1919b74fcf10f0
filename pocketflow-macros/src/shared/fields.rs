//! The impl with which a visitor sees the fields of a store, and what of serde's attributes matters for it.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, ExprPath, Ident, LitStr, Path, Token, Type, parenthesized};

/// A field of a store.
pub(super) struct Field<'a> {
    pub(super) name: &'a Ident,
    pub(super) ty: &'a Type,
    serde: Serde,
}

/// What `#[serde(…)]` says, of a field or of the struct. What it gets wrong is told by serde's own derive.
#[derive(Default)]
pub(super) struct Serde {
    skip: bool,
    write: Option<ExprPath>,
    read: Option<ExprPath>,
    /// The outer is whether there is a default, the inner the function that makes it.
    default: Option<Option<ExprPath>>,
    names: Vec<String>,
    rules: Vec<String>,
    /// The path of the crate.
    path: Option<Path>,
}

impl Serde {
    pub(super) fn of(attributes: &[Attribute]) -> Self {
        let mut serde = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            let _ = attribute.parse_nested_meta(|meta| serde.read(&meta));
        }
        serde
    }

    fn read(&mut self, meta: &syn::meta::ParseNestedMeta<'_>) -> syn::Result<()> {
        let key = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
        // `rename(serialize = "…", deserialize = "…")`, `bound(…)`.
        if meta.input.peek(syn::token::Paren) {
            let inner;
            parenthesized!(inner in meta.input);
            while !inner.is_empty() {
                inner.parse::<Ident>()?;
                inner.parse::<Token![=]>()?;
                self.keep(&key, &inner.parse()?)?;
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
            _ => {}
        }
        Ok(())
    }

    fn keep(&mut self, key: &str, value: &LitStr) -> syn::Result<()> {
        let function = |name: &str| {
            let mut module: ExprPath = value.parse()?;
            module.path.segments.push(format_ident!("{name}", span = value.span()).into());
            Ok::<_, syn::Error>(module)
        };
        match key {
            "with" => {
                (self.write, self.read) = (Some(function("serialize")?), Some(function("deserialize")?))
            }
            "serialize_with" => self.write = Some(value.parse()?),
            "deserialize_with" => self.read = Some(value.parse()?),
            "default" => self.default = Some(Some(value.parse()?)),
            "rename" | "alias" => self.names.push(value.value()),
            "rename_all" => self.rules.push(value.value()),
            "crate" => self.path = Some(value.parse()?),
            _ => {}
        }
        Ok(())
    }
}

impl<'a> Field<'a> {
    pub(super) fn of(field: &'a syn::Field) -> Option<Self> {
        Some(Self { name: field.ident.as_ref()?, ty: &field.ty, serde: Serde::of(&field.attrs) })
    }

    /// Its entry in the store's description.
    pub(super) fn describe(&self, store: &Serde) -> TokenStream {
        let Self { name, ty, serde } = self;
        let name = name.to_string();
        let name = name.trim_start_matches("r#");
        let field = quote!(::pocketflow::Field::new(#name, ::pocketflow::__private::Probe::<#ty>::LATE));
        if serde.skip {
            return quote!(#field.skipped());
        }
        let mut names: Vec<_> = serde.names.clone();
        names.extend(store.rules.iter().filter_map(|rule| renamed(name, rule)));
        names.retain(|other| other != name);
        if names.is_empty() { field } else { quote!(#field.also(&[#(#names),*])) }
    }
}

/// A field's name under one of serde's rules, if that changes it.
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

/// The impl of `Fields`, and what it needs.
pub(super) fn visits(store: &Ident, serde: &Serde, fields: &[Field<'_>]) -> TokenStream {
    let (mut helpers, mut bounds, mut arms) = (Vec::new(), Vec::new(), Vec::new());
    // Many fields are of few types, and each bound is proved wherever the impl is used.
    let mut types = HashSet::new();
    for (index, Field { name, ty, serde: field }) in fields.iter().enumerate() {
        if field.skip {
            continue;
        }
        let default = default_of(store, serde, name, ty, field);
        if field.write.is_none() && field.read.is_none() {
            // On the type, so that a field which the visitor does not take is shown.
            if types.insert(ty.to_token_stream().to_string()) {
                bounds.push(quote_spanned!(ty.span()=> __V: ::pocketflow::VisitField<#ty>));
            }
            let default = match default {
                Some(default) => quote!(::pocketflow::__private::Option::Some(#default)),
                None => quote!(::pocketflow::__private::Option::None),
            };
            arms.push(quote! {
                #index => <__V as ::pocketflow::VisitField<#ty>>::field(visitor, field, &mut self.#name, #default)
            });
            continue;
        }
        let (write, read) = (format_ident!("__Write{index}"), format_ident!("__Read{index}"));
        helpers.push(with(serde, ty, field, &write, &read));
        bounds.push(quote_spanned!(ty.span()=> __V: for<'a> ::pocketflow::VisitWith<#write<'a>, #read>));
        let default = match default {
            Some(default) => quote!(::pocketflow::__private::Option::Some(|| #read((#default)()))),
            None => quote!(::pocketflow::__private::Option::None),
        };
        arms.push(quote! {
            #index => {
                let read = <__V as ::pocketflow::VisitWith<#write<'_>, #read>>::field_with(
                    visitor, field, #write(&self.#name), #default,
                );
                if let ::pocketflow::__private::Option::Some(#read(value)) = read {
                    self.#name = value;
                }
            }
        });
    }
    let body = if arms.is_empty() {
        quote!(let _ = (index, visitor);)
    } else {
        quote! {
            let field = &<Self as ::pocketflow::Shared>::STORE.fields[index];
            match index {
                #(#arms,)*
                _ => {}
            }
        }
    };
    quote! {
        #(#helpers)*

        #[automatically_derived]
        impl<__V> ::pocketflow::Fields<__V> for #store
        where
            #(#bounds,)*
        {
            fn visit_field(&mut self, index: usize, visitor: &mut __V) {
                #body
            }
        }
    }
}

/// A function that makes what serde takes where the field is missing.
fn default_of(store: &Ident, serde: &Serde, name: &Ident, ty: &Type, field: &Serde) -> Option<TokenStream> {
    match (&field.default, &serde.default) {
        (Some(Some(function)), _) => Some(quote!(#function)),
        (Some(None), _) => Some(quote!(<#ty as ::core::default::Default>::default)),
        (None, Some(Some(function))) => Some(quote!(|| #function().#name)),
        (None, Some(None)) => Some(quote!(|| <#store as ::core::default::Default>::default().#name)),
        (None, None) => None,
    }
}

/// The types by which serde's functions for a field are called. Where only one of them is given, the other half is the type's own;
/// its bound has a lifetime, so that it is asked for only where a visitor asks for it.
fn with(serde: &Serde, ty: &Type, field: &Serde, write: &Ident, read: &Ident) -> TokenStream {
    let path = serde.path.as_ref().map_or_else(|| quote!(::serde), ToTokens::to_token_stream);
    let (write_bound, write_call) = match &field.write {
        Some(function) => (None, quote!(#function(self.0, serializer))),
        None => (
            Some(quote!(where &'a #ty: #path::Serialize)),
            quote!(<&'a #ty as #path::Serialize>::serialize(&self.0, serializer)),
        ),
    };
    let (read_bound, read_call) = match &field.read {
        Some(function) => (None, quote!(#function(deserializer))),
        None => (
            Some(quote!(where #ty: #path::Deserialize<'de>)),
            quote!(<#ty as #path::Deserialize<'de>>::deserialize(deserializer)),
        ),
    };
    quote! {
        struct #write<'a>(&'a #ty);

        #[automatically_derived]
        impl<'a> #path::Serialize for #write<'a> #write_bound {
            fn serialize<__S: #path::Serializer>(
                &self,
                serializer: __S,
            ) -> ::pocketflow::__private::Result<__S::Ok, __S::Error> {
                #write_call
            }
        }

        struct #read(#ty);

        #[automatically_derived]
        impl<'de> #path::Deserialize<'de> for #read #read_bound {
            fn deserialize<__D: #path::Deserializer<'de>>(
                deserializer: __D,
            ) -> ::pocketflow::__private::Result<Self, __D::Error> {
                #read_call.map(#read)
            }
        }
    }
}
