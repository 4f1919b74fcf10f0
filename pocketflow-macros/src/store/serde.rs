//! The attributes of serde that affect how a field is stored and read.

use quote::format_ident;
use syn::{Attribute, ExprPath, Ident, LitStr, Path, Token, parenthesized};

/// The `#[serde(…)]` attributes of a field or of the struct. Serde's own derive reports mistakes in
/// them.
#[derive(Default)]
pub(super) struct Serde {
    pub(super) skip: bool,
    pub(super) write: Option<ExprPath>,
    pub(super) read: Option<ExprPath>,
    /// The outer `Option` tells whether there is a default, and the inner one names its function.
    pub(super) default: Option<Option<ExprPath>>,
    pub(super) flatten: bool,
    /// The name, or the rule for the names, that serde uses to read.
    pub(super) rename: Option<String>,
    pub(super) rename_all: Option<String>,
    /// Other names and rules.
    pub(super) aliases: Vec<String>,
    pub(super) rules: Vec<String>,
    /// The path of the crate.
    pub(super) path: Option<Path>,
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

/// The name of a field under one of serde's rules, if the rule changes it.
pub(super) fn renamed(name: &str, rule: &str) -> Option<String> {
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
