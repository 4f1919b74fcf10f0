//! `#[cfg(…)]` and `#[cfg_attr(…)]` inside the item. rustc evaluates them only in the output of the
//! macro, but the output depends on them. So the macro writes the item twice: once as if the
//! condition held and once as if it did not, each under that condition and again with its
//! `#[node(…)]`.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, FnArg, ImplItem, Item, Meta, Token};

use crate::krate::Krate;

/// The output for an item that contains a condition. The first condition is decided here, and the
/// others when the macro runs again.
pub(crate) fn decide(krate: &Krate, attributes: &TokenStream, item: &Item) -> Option<TokenStream> {
    let condition = first(&mut item.clone())?;
    let mut cases = [true, false].map(|holds| {
        let mut item = item.clone();
        let decide = |attributes: &mut Vec<Attribute>| settle(attributes, &condition, holds);
        let kept = sites(&mut item, decide);
        kept.then(|| {
            let unless = if holds {
                quote!(not(#condition))
            } else {
                condition.clone()
            };
            // Not `cfg(when)`: Rust 1.87 and older leave a `cfg` that holds where it is, and the
            // macro would find it again.
            quote!(#[cfg_attr(#unless, cfg(any()))] #[#krate::node(#attributes)] #item)
        })
    });
    let (holds, otherwise) = (cases[0].take(), cases[1].take());
    Some(quote!(#holds #otherwise))
}

/// Calls `decide` on the attributes of the item, and of every part of it that affects the output.
/// `decide` returns whether the part stays. Returns whether the item stays.
fn sites(item: &mut Item, mut decide: impl FnMut(&mut Vec<Attribute>) -> bool) -> bool {
    match item {
        Item::Fn(item) => {
            let kept = decide(&mut item.attrs);
            inputs(&mut item.sig.inputs, &mut decide);
            kept
        }
        Item::Impl(item) => {
            let kept = decide(&mut item.attrs);
            item.items.retain_mut(|item| match item {
                ImplItem::Fn(method) if is_step(&method.sig.ident.to_string()) => {
                    let kept = decide(&mut method.attrs);
                    inputs(&mut method.sig.inputs, &mut decide);
                    kept
                }
                _ => true,
            });
            kept
        }
        _ => true,
    }
}

fn is_step(name: &str) -> bool {
    ["prep", "exec", "fallback", "post"].contains(&name)
}

fn inputs(
    inputs: &mut Punctuated<FnArg, Token![,]>,
    decide: &mut impl FnMut(&mut Vec<Attribute>) -> bool,
) {
    let all = std::mem::take(inputs).into_iter();
    *inputs = all
        .filter_map(|mut input| {
            let attributes = match &mut input {
                FnArg::Receiver(receiver) => &mut receiver.attrs,
                FnArg::Typed(argument) => &mut argument.attrs,
            };
            decide(attributes).then_some(input)
        })
        .collect();
}

/// The first condition in an item.
fn first(item: &mut Item) -> Option<TokenStream> {
    let mut found = None;
    sites(item, |attributes| {
        if found.is_none() {
            found = attributes
                .iter()
                .find_map(|attribute| condition(attribute).map(|(condition, _)| condition));
        }
        true
    });
    found
}

/// The condition of a `#[cfg(…)]`, or of a `#[cfg_attr(…)]` and the attributes that depend on it.
/// rustc reports a malformed one.
fn condition(attribute: &Attribute) -> Option<(TokenStream, Option<Vec<Attribute>>)> {
    let is_cfg = attribute.path().is_ident("cfg");
    if !is_cfg && !attribute.path().is_ident("cfg_attr") {
        return None;
    }
    let mut tokens = attribute
        .meta
        .require_list()
        .ok()?
        .tokens
        .clone()
        .into_iter();
    let is_comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    let condition: TokenStream = tokens
        .by_ref()
        .take_while(|token| !is_comma(token))
        .collect();
    if condition.is_empty() {
        return None;
    }
    if is_cfg {
        return Some((condition, None));
    }
    let metas = Punctuated::<Meta, Token![,]>::parse_terminated
        .parse2(tokens.collect())
        .ok()?;
    let given = metas
        .into_iter()
        .map(|meta| syn::parse_quote!(#[#meta]))
        .collect();
    Some((condition, Some(given)))
}

/// Applies the decision about a condition. Returns whether the part with these attributes stays.
fn settle(attributes: &mut Vec<Attribute>, decided: &TokenStream, holds: bool) -> bool {
    let decided = decided.to_string();
    let mut stays = true;
    let all = std::mem::take(attributes).into_iter();
    *attributes = all
        .flat_map(|attribute| match condition(&attribute) {
            Some((condition, given)) if condition.to_string() == decided => {
                stays &= holds || given.is_some();
                given.filter(|_| holds).unwrap_or_default()
            }
            _ => vec![attribute],
        })
        .collect();
    stays
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(item: TokenStream) -> Option<String> {
        let item = syn::parse2(item).unwrap();
        decide(&Krate::default(), &quote!(Order), &item).map(|tokens| tokens.to_string())
    }

    #[test]
    fn an_item_without_conditions_is_left_alone() {
        assert!(
            decided(quote!(
                #[inline]
                fn pay(#[attempt] a: Attempt<'_>) {}
            ))
            .is_none()
        );
        assert!(
            decided(quote!(impl Pay { #[cfg(test)] fn helper() {} fn exec(&self) {} })).is_none()
        );
    }

    #[test]
    fn a_condition_is_decided_both_ways_everywhere() {
        let item = quote!(
            fn pay(#[cfg(test)] a: &u64, #[cfg_attr(test, each(items), deny(x))] b: &u64) {}
        );
        let expected = quote! {
            #[cfg_attr(not(test), cfg(any()))] #[::pocketflow::node(Order)] fn pay(a: &u64, #[each(items)] #[deny(x)] b: &u64) {}
            #[cfg_attr(test, cfg(any()))] #[::pocketflow::node(Order)] fn pay(b: &u64) {}
        };
        assert_eq!(decided(item).unwrap(), expected.to_string());
    }

    #[test]
    fn one_is_decided_at_a_time() {
        let item = quote!(impl Pay { fn exec(&self) {} #[cfg(a)] fn post(&self) {} #[cfg(b)] fn prep(&self) {} });
        let expected = quote! {
            #[cfg_attr(not(a), cfg(any()))] #[::pocketflow::node(Order)]
            impl Pay { fn exec(&self) {} fn post(&self) {} #[cfg(b)] fn prep(&self) {} }
            #[cfg_attr(a, cfg(any()))] #[::pocketflow::node(Order)]
            impl Pay { fn exec(&self) {} #[cfg(b)] fn prep(&self) {} }
        };
        assert_eq!(decided(item).unwrap(), expected.to_string());
    }

    #[test]
    fn an_item_that_goes_takes_all_with_it() {
        let item = quote!(
            #[cfg(a)]
            fn pay() {}
        );
        assert_eq!(
            decided(item).unwrap(),
            quote!(
                #[cfg_attr(not(a), cfg(any()))]
                #[::pocketflow::node(Order)]
                fn pay() {}
            )
            .to_string()
        );
    }
}
