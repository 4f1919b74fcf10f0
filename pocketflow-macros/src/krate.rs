//! The path of the library in generated code.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, LitStr, Path, Token};

use crate::refusal::{Errors, refuse};

/// The root of the library: `::pocketflow`, or the path of the option `crate = path`. A crate needs
/// the option if it renames the dependency, if it gets the library through another crate, or if it
/// writes a flow in its own `macro_rules!` macro (`crate = $crate::pocketflow`).
///
/// In `quote!`, it expands to that path, so that generated code is written as `#pf::Policy`.
/// [`alias`](Self::alias) gives the private module a short name. Generated code uses no other path,
/// because any other name may be the user's. For this reason, [`__private`] also has the primitive
/// types.
///
/// [`__private`]: ../pocketflow/__private/index.html
#[derive(Clone, Default)]
pub(crate) struct Krate(Option<Path>);

const EXPECTED: &str = "expected the path of the library: `crate = path::to::pocketflow`";

impl Krate {
    /// Whether `crate = …` follows.
    pub(crate) fn is_next(input: ParseStream<'_>) -> bool {
        input.peek(Token![crate]) && input.peek2(Token![=])
    }

    /// Reads `crate = path`, one of the options of an attribute.
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.parse::<Token![crate]>()?;
        input.parse::<Token![=]>()?;
        if let Ok(text) = input.parse::<LitStr>() {
            let message = format!("write the path without quotes: `crate = {}`", text.value());
            return Err(refuse(message).on(text.span()));
        }
        let path = input.call(Path::parse_mod_style);
        path.map(|path| Self(Some(path)))
            .map_err(|error| refuse(EXPECTED).on(error.span()))
    }

    /// Reads an attribute that has no other option: `#[flow(crate = path)]`.
    pub(crate) fn of_attribute(attribute: &Attribute) -> syn::Result<Self> {
        let tokens = attribute.meta.require_list()?.tokens.clone();
        let only = |input: ParseStream<'_>| {
            let name: Ident = input
                .fork()
                .call(Ident::parse_any)
                .map_err(|error| expected(error.span()))?;
            if !Self::is_next(input) {
                return Err(expected(name.span()));
            }
            let krate = Self::parse(input)?;
            let _ = input.parse::<Token![,]>();
            if input.is_empty() {
                Ok(krate)
            } else {
                Err(input.error("expected nothing else here"))
            }
        };
        only.parse2(tokens)
    }

    /// Removes the attributes with this name from an item. Each of them contains `crate = path` and
    /// nothing else.
    pub(crate) fn take(attributes: &mut Vec<Attribute>, name: &str, errors: &mut Errors) -> Self {
        let mut krate = None;
        attributes.retain(|attribute| {
            if !attribute.path().is_ident(name) {
                return true;
            }
            match Self::of_attribute(attribute) {
                Ok(_) if krate.is_some() => errors.at(attribute, "`crate` is given twice"),
                Ok(given) => krate = Some(given),
                Err(error) => errors.push(error),
            }
            false
        });
        krate.unwrap_or_default()
    }

    /// The short name of the library's private module in a block of generated code: `__p::Option`.
    ///
    /// It is an item, so it resolves by its name at any span. An error that is reported on the
    /// user's token is written as `quote_spanned!(span=> __p::check(…))`. Names in Rust's prelude
    /// are written as `#at::__private::Result` there, with [`at`](Self::at), because
    /// `unused_qualifications` looks at relative paths, and a user may deny it.
    pub(crate) fn alias(&self) -> TokenStream {
        quote!(use #self::__private as __p;)
    }

    /// For a `use` of a trait that may be unused: lints do not ignore a path with a `$crate` in it.
    pub(crate) fn allow_unused(&self) -> Option<TokenStream> {
        let mut tokens = self.to_token_stream().into_iter();
        tokens
            .any(|token| is_dollar_crate(&token))
            .then(|| quote!(#[allow(unused_imports)]))
    }

    /// The path at the user's span, on which an error is reported.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        let tokens = self.to_token_stream().into_iter();
        tokens
            .map(|mut token| {
                // A `$crate` is resolved by its own span.
                let given = self.is_given().then(|| span.resolved_at(token.span()));
                token.set_span(given.unwrap_or(span));
                token
            })
            .collect()
    }

    /// Whether a path was given.
    pub(crate) fn is_given(&self) -> bool {
        self.0.is_some()
    }
}

fn expected(span: Span) -> syn::Error {
    refuse(EXPECTED).on(span)
}

impl ToTokens for Krate {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Some(path) = &self.0 else {
            return tokens.extend(quote!(::pocketflow));
        };
        // With spans of the macro, which lints ignore. A `$crate` resolves by its own span.
        let ours = |mut token: TokenTree| {
            if !is_dollar_crate(&token) {
                token.set_span(token.span().resolved_at(Span::call_site()));
            }
            token
        };
        tokens.extend(path.to_token_stream().into_iter().map(ours));
    }
}

fn is_dollar_crate(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(name) if name == "$crate")
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn given(attribute: &Attribute) -> Result<String, String> {
        let krate = Krate::of_attribute(attribute).map_err(|error| error.to_string())?;
        Ok(krate.to_token_stream().to_string())
    }

    #[test]
    fn the_library_is_named_by_any_path() {
        assert_eq!(
            Krate::default().to_token_stream().to_string(),
            ":: pocketflow"
        );
        assert_eq!(given(&parse_quote!(#[flow(crate = pf)])).unwrap(), "pf");
        assert_eq!(
            given(&parse_quote!(#[flow(crate = crate::facade::pf,)])).unwrap(),
            "crate :: facade :: pf"
        );
        assert_eq!(
            given(&parse_quote!(#[flow(crate = ::pf)])).unwrap(),
            ":: pf"
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let quoted = given(&parse_quote!(#[flow(crate = "pf")])).unwrap_err();
        assert_eq!(quoted, "write the path without quotes: `crate = pf`");
        for wrong in [
            parse_quote!(#[flow(krate = pf)]),
            parse_quote!(#[flow(crate = 1)]),
            parse_quote!(#[flow(crate =)]),
            parse_quote!(#[flow()]),
        ] {
            assert_eq!(
                given(&wrong).unwrap_err(),
                EXPECTED,
                "{}",
                wrong.to_token_stream()
            );
        }
        assert!(given(&parse_quote!(#[flow(crate = pf, other)])).is_err());
    }
}
