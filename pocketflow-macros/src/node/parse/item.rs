//! The item. Its bodies stay as they are: rustc reports a body that does not parse, and the item is
//! still a node.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{Block, Expr, ImplItem, Item, Stmt};

/// Reads the item without its bodies.
pub(crate) fn parse(item: TokenStream) -> syn::Result<Item> {
    let (emptied, bodies) = without_bodies(item.clone());
    let mut parsed: Item = match syn::parse2(emptied) {
        Ok(parsed) => parsed,
        Err(_) => return syn::parse2(item),
    };
    let blocks = match &mut parsed {
        Item::Fn(function) => vec![&mut *function.block],
        Item::Impl(of) => of
            .items
            .iter_mut()
            .filter_map(|item| match item {
                ImplItem::Fn(method) => Some(&mut method.block),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    if blocks.len() != bodies.len() {
        return syn::parse2(item);
    }
    for (block, body) in blocks.into_iter().zip(bodies) {
        fill(block, body);
    }
    Ok(parsed)
}

fn fill(block: &mut Block, body: TokenStream) {
    block.stmts = if body.is_empty() {
        Vec::new()
    } else {
        vec![Stmt::Expr(Expr::Verbatim(body), None)]
    };
}

/// The item with empty bodies, and the bodies.
fn without_bodies(item: TokenStream) -> (TokenStream, Vec<TokenStream>) {
    let mut bodies = Vec::new();
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    let is_impl = first_word(&tokens, &["impl", "fn"]).is_some_and(|word| word == "impl");
    let Some(last) = tokens.last_mut() else {
        return (TokenStream::new(), bodies);
    };
    match last {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            let inside = group.stream();
            let emptied = if is_impl {
                methods(inside, &mut bodies)
            } else {
                bodies.push(inside);
                TokenStream::new()
            };
            *last = braces(group, emptied);
        }
        _ => {}
    }
    (tokens.into_iter().collect(), bodies)
}

/// Takes the bodies of the methods out of an `impl`.
fn methods(inside: TokenStream, bodies: &mut Vec<TokenStream>) -> TokenStream {
    let tokens: Vec<TokenTree> = inside.into_iter().collect();
    let mut is_function = false;
    let mut emptied = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word) if word == "fn" => is_function = true,
            TokenTree::Punct(mark) if mark.as_char() == ';' => is_function = false,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && is_function => {
                // The braces of `Array<{ N }>` in a signature are not a body.
                let ends = !matches!(tokens.get(index + 1), Some(TokenTree::Punct(next)) if next.as_char() != '#');
                if ends {
                    is_function = false;
                    bodies.push(group.stream());
                    emptied.push(braces(group, TokenStream::new()));
                    continue;
                }
            }
            _ => {}
        }
        emptied.push(token.clone());
    }
    emptied.into_iter().collect()
}

fn braces(like: &Group, inside: TokenStream) -> TokenTree {
    let mut group = Group::new(Delimiter::Brace, inside);
    group.set_span(like.span());
    group.into()
}

fn first_word(tokens: &[TokenTree], words: &[&str]) -> Option<String> {
    tokens.iter().find_map(|token| match token {
        TokenTree::Ident(word) => words
            .iter()
            .find(|meant| word == *meant)
            .map(ToString::to_string),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens, quote};

    use super::*;

    #[test]
    fn an_item_stays_as_it_is() {
        let items = [
            quote!(
                pub async fn pay<const N: usize>(total: &Array<{ 1 + 1 }>) -> Result<String> {
                    #![allow(unused)]
                    let text = ;
                    text.
                }
            ),
            quote!(
                impl Search {
                    const LIMIT: Limit = Limit { at: { 3 } };
                    type Of = Array<{ 3 }>;
                    fn prep(&self) -> Array<{ N }> { let x = ; }
                    #[inline]
                    fn empty(&self) {}
                    async fn exec(&self, prep: &Array<{ N }>) where Self: Sized { Ok(notes.) }
                    helpers! { fn inner() { 1 } }
                }
            ),
        ];
        for item in items {
            assert_eq!(
                parse(item.clone()).unwrap().to_token_stream().to_string(),
                item.to_string()
            );
        }
    }
}
