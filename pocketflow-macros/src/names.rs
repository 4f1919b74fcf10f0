//! Names: the case of identifiers, and the name that a wrong one may have meant.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Attribute;
use syn::ext::IdentExt;

/// The user's name, at its location but with a span of the macro, so that no lint reports what the
/// user did not write.
pub(crate) fn ours(name: &Ident) -> Ident {
    let span = name.span().resolved_at(Span::call_site());
    let mut name = match name.to_string().as_str() {
        // The name may be valid in the user's edition and a keyword in the macro's.
        word @ ("async" | "await" | "dyn" | "gen" | "try") => Ident::new_raw(word, span),
        _ => name.clone(),
    };
    name.set_span(span);
    name
}

/// A number for the name of a field, which a type can have as a parameter: its FNV-1a hash.
pub(crate) fn field_hash(field: &Ident) -> Literal {
    let name = field.unraw().to_string();
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    Literal::u64_unsuffixed(hash)
}

/// The user's `#[allow(deprecated)]`, or an `#[expect(…)]` of the same lint.
#[derive(Clone, Copy)]
pub(crate) struct Allow;

impl Allow {
    pub(crate) fn of(attributes: &[Attribute]) -> Option<Self> {
        let allows = |attribute: &&Attribute| {
            (attribute.path().is_ident("allow") || attribute.path().is_ident("expect"))
                && names_deprecated(attribute)
        };
        attributes.iter().find(allows).map(|_| Self)
    }
}

impl ToTokens for Allow {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(quote!(#[allow(deprecated)]));
    }
}

/// Whether an attribute is about the lint `deprecated`.
pub(crate) fn names_deprecated(lint: &Attribute) -> bool {
    let list = lint
        .meta
        .require_list()
        .map(|list| list.tokens.clone())
        .unwrap_or_default();
    list.into_iter()
        .any(|token| matches!(token, TokenTree::Ident(name) if name == "deprecated"))
}

/// Removes the invisible groups that a `macro_rules!` macro puts around what it matched. The
/// language of flows has no operators with precedence, so the groups have no meaning.
pub(crate) fn ungrouped(tokens: TokenStream) -> TokenStream {
    if !has_invisible_group(&tokens) {
        return tokens;
    }
    let inside = |tree: TokenTree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            ungrouped(group.stream())
        }
        TokenTree::Group(group) if has_invisible_group(&group.stream()) => {
            let mut inside = Group::new(group.delimiter(), ungrouped(group.stream()));
            inside.set_span(group.span());
            TokenTree::from(inside).into()
        }
        tree => tree.into(),
    };
    tokens.into_iter().flat_map(inside).collect()
}

fn has_invisible_group(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|tree| match tree {
        TokenTree::Group(group) => {
            group.delimiter() == Delimiter::None || has_invisible_group(&group.stream())
        }
        _ => false,
    })
}

/// Tokens as a person would write them.
pub(crate) fn code(tokens: impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (spaced, plain) in [
        (" < ", "<"),
        ("< ", "<"),
        (" <", "<"),
        (" >", ">"),
        (" :: ", "::"),
        (":: ", "::"),
        (" ::", "::"),
    ]
    .into_iter()
    .chain([
        (" ,", ","),
        ("& ", "&"),
        ("* ", "*"),
        ("( ", "("),
        (" )", ")"),
        ("' ", "'"),
        (" ;", ";"),
        (" !", "!"),
    ]) {
        text = text.replace(spaced, plain);
    }
    text
}

/// A type as a user would write it.
pub(crate) fn type_text(ty: impl ToTokens) -> String {
    let text = ty.to_token_stream().to_string();
    let text = text
        .replace(" :: ", "::")
        .replace(" <", "<")
        .replace("< ", "<")
        .replace(" >", ">")
        .replace("& ", "&");
    text.replace(" ,", ",")
}

/// `NeedsInfo` → `needs_info`.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::new();
    let mut before: Option<char> = None;
    let mut rest = name.chars().peekable();
    while let Some(letter) = rest.next() {
        let starts_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before != '_'
                    && (!before.is_uppercase()
                        || rest.peek().is_some_and(|next| next.is_lowercase()))
            });
        if starts_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
        before = Some(letter);
    }
    snake
}

/// `needs-info`, `needs_info` or `needs info` → `NeedsInfo`. Empty if no character of the name is
/// allowed in an identifier.
pub(crate) fn pascal(name: &str) -> String {
    let mut pascal = String::new();
    for word in name.split(|letter: char| !letter.is_alphanumeric()) {
        let mut letters = word.chars();
        pascal.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        pascal.extend(letters);
    }
    pascal
}

/// Whether `name` is an identifier that can name a variant.
pub(crate) fn is_identifier(name: &str) -> bool {
    syn::parse_str::<syn::Ident>(name).is_ok()
}

/// The candidate that is most similar to `word`, if any is similar enough.
pub(crate) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let limit = word.chars().count() / 3 + 1;
    candidates
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The Levenshtein distance, in one row (Wagner and Fischer, 1974).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in b.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snake_case_splits_words_and_keeps_abbreviations_whole() {
        let cases = [
            ("Approved", "approved"),
            ("NeedsInfo", "needs_info"),
            ("HTTPError", "http_error"),
            ("Retry2", "retry2"),
        ];
        for (variant, action) in cases {
            assert_eq!(snake(variant), action);
        }
    }

    #[test]
    fn pascal_case_makes_a_variant_of_an_exit() {
        let cases = [
            ("declined", "Declined"),
            ("needs-info", "NeedsInfo"),
            ("gave_up", "GaveUp"),
            ("-", ""),
        ];
        for (exit, variant) in cases {
            assert_eq!(pascal(exit), variant);
        }
    }

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        assert_eq!(nearest("attemps", &["wait", "attempts"]), Some("attempts"));
        assert_eq!(nearest("model", &["wait", "attempts"]), None);
    }
}
