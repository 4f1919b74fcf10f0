//! `#[cfg(…)]` and `#[cfg_attr(…)]` in a flow. rustc does not evaluate them in the input of a macro
//! like `flow!`. So the macro writes the flow twice, once as if the condition held and once as if
//! it did not, each under that condition, and rustc expands the one that holds.

use proc_macro2::{Delimiter, Group, Punct, Spacing, TokenStream, TokenTree};
use quote::quote;

use crate::krate::Krate;

/// The output for a flow that contains a condition. The first condition is decided here, and the
/// others when the macro runs again.
pub(crate) fn decide(krate: &Krate, item: bool, input: &TokenStream) -> Option<TokenStream> {
    let tokens: Vec<TokenTree> = input.clone().into_iter().collect();
    let Case {
        condition,
        holds,
        fails,
    } = if item {
        in_item(&tokens)?
    } else {
        in_statements(&tokens)?
    };
    if !item {
        let fails = fails.unwrap_or_default();
        return Some(quote! {{
            #[cfg(#condition)]
            let __flow = #krate::flow! { #holds };
            #[cfg(not(#condition))]
            let __flow = #krate::flow! { #fails };
            __flow
        }});
    }
    let fails = fails.map(|fails| quote!(#[cfg(not(#condition))] #krate::flow! { #fails }));
    Some(quote! {
        #[cfg(#condition)]
        #krate::flow! { #holds }
        #fails
    })
}

/// A condition, and the flow if it holds and if it fails. The latter is empty if the condition is
/// that of the whole flow.
struct Case {
    condition: TokenStream,
    holds: TokenStream,
    fails: Option<TokenStream>,
}

/// In the attributes of an item, or in its graph.
fn in_item(tokens: &[TokenTree]) -> Option<Case> {
    if let Some((at, found)) = find(tokens) {
        let holds = spliced(tokens, at..at + 2, found.attributes);
        let fails = (!found.is_cfg).then(|| spliced(tokens, at..at + 2, TokenStream::new()));
        return Some(Case {
            condition: found.condition,
            holds,
            fails,
        });
    }
    if let Some(case) = in_lists(tokens, false) {
        return Some(case);
    }
    let is_graph = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let graph = tokens.iter().position(is_graph)?;
    let TokenTree::Group(group) = &tokens[graph] else {
        return None;
    };
    let statements: Vec<TokenTree> = group.stream().into_iter().collect();
    let Case {
        condition,
        holds,
        fails,
    } = in_statements(&statements)?;
    let with = |statements: TokenStream| {
        let mut braces = Group::new(Delimiter::Brace, statements);
        braces.set_span(group.span());
        spliced(tokens, graph..graph + 1, TokenTree::from(braces).into())
    };
    Some(Case {
        condition,
        holds: with(holds),
        fails: fails.map(with),
    })
}

/// In the attributes of a statement.
fn in_statements(tokens: &[TokenTree]) -> Option<Case> {
    let Some((at, found)) = find(tokens) else {
        return in_lists(tokens, true);
    };
    let holds = spliced(tokens, at..at + 2, found.attributes);
    let is_end =
        |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ';');
    let fails = if found.is_cfg {
        let start = tokens[..at]
            .iter()
            .rposition(is_end)
            .map_or(0, |end| end + 1);
        let start = start.max(about_the_flow(tokens));
        let end = tokens[at..]
            .iter()
            .position(is_end)
            .map_or(tokens.len(), |end| at + end + 1);
        spliced(tokens, start..end, TokenStream::new())
    } else {
        spliced(tokens, at..at + 2, TokenStream::new())
    };
    Some(Case {
        condition: found.condition,
        holds,
        fails: Some(fails),
    })
}

/// In the parentheses of a fork, of a flow on a field, or of the inputs.
fn in_lists(tokens: &[TokenTree], is_fork: bool) -> Option<Case> {
    tokens
        .iter()
        .enumerate()
        .find_map(|(index, token)| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                let Some((at, found)) = find(&inside) else {
                    let case = in_lists(&inside, is_fork)?;
                    let with = |inside| spliced(tokens, index..index + 1, grouped(group, inside));
                    return Some(Case {
                        condition: case.condition,
                        holds: with(case.holds),
                        fails: case.fails.map(with),
                    });
                };
                let holds = spliced(&inside, at..at + 2, found.attributes);
                let fails = match found.is_cfg {
                    true => spliced(&inside, element(&inside, at), TokenStream::new()),
                    false => spliced(&inside, at..at + 2, TokenStream::new()),
                };
                // The parentheses of `Summarize.each(…)` remain.
                let is_list = matches!(
                    tokens[..index],
                    [.., TokenTree::Punct(ref dot), TokenTree::Ident(_)] if dot.as_char() == '.'
                );
                let is_fork = is_fork && !is_list;
                let with = |list| spliced(tokens, index..index + 1, listed(group, list, is_fork));
                Some(Case {
                    condition: found.condition,
                    holds: with(holds),
                    fails: Some(with(fails)),
                })
            }
            _ => None,
        })
}

/// The element of a list that contains the attribute at `at`, with the comma after it.
fn element(tokens: &[TokenTree], at: usize) -> std::ops::Range<usize> {
    let start = tokens[..at]
        .iter()
        .rposition(is_comma)
        .map_or(0, |comma| comma + 1);
    let end = tokens[at..]
        .iter()
        .position(is_comma)
        .map_or(tokens.len(), |comma| at + comma + 1);
    start..end
}

/// A list in its parentheses. If only one node of a fork remains, the result is that node.
fn listed(group: &Group, list: TokenStream, is_fork: bool) -> TokenStream {
    let tokens: Vec<TokenTree> = list.into_iter().collect();
    let mut nodes = tokens.split(is_comma).filter(|node| !node.is_empty());
    match (nodes.next(), nodes.next()) {
        (Some(alone), None) if is_fork && find(alone).is_none() => {
            return alone.iter().cloned().collect();
        }
        _ => {}
    }
    grouped(group, tokens.into_iter().collect())
}

/// These tokens in the parentheses of a group.
fn grouped(group: &Group, inside: TokenStream) -> TokenStream {
    let mut parentheses = Group::new(Delimiter::Parenthesis, inside);
    parentheses.set_span(group.span());
    TokenTree::from(parentheses).into()
}

fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',')
}

/// How many of the first tokens are `#[flow(…)]`, which applies to the whole expression.
fn about_the_flow(tokens: &[TokenTree]) -> usize {
    let is_flow = |token: &TokenTree| match token {
        TokenTree::Group(group) => {
            let first = group.stream().into_iter().next();
            matches!(first, Some(TokenTree::Ident(name)) if name == "flow")
        }
        _ => false,
    };
    let pairs = tokens.chunks_exact(2).take_while(|pair| {
        matches!(&pair[0], TokenTree::Punct(mark) if mark.as_char() == '#') && is_flow(&pair[1])
    });
    2 * pairs.count()
}

struct Found {
    is_cfg: bool,
    condition: TokenStream,
    /// The attributes of a `#[cfg_attr(…)]` whose condition holds.
    attributes: TokenStream,
}

/// The first attribute with a condition.
fn find(tokens: &[TokenTree]) -> Option<(usize, Found)> {
    tokens
        .windows(2)
        .enumerate()
        .find_map(|(at, pair)| match pair {
            [TokenTree::Punct(mark), TokenTree::Group(attribute)] if mark.as_char() == '#' => {
                condition(attribute).map(|found| (at, found))
            }
            _ => None,
        })
}

fn condition(attribute: &Group) -> Option<Found> {
    let inside: Vec<TokenTree> = attribute.stream().into_iter().collect();
    let [TokenTree::Ident(name), TokenTree::Group(given)] = &inside[..] else {
        return None;
    };
    if attribute.delimiter() != Delimiter::Bracket || given.delimiter() != Delimiter::Parenthesis {
        return None;
    }
    if name == "cfg" {
        return Some(Found {
            is_cfg: true,
            condition: given.stream(),
            attributes: TokenStream::new(),
        });
    }
    if name != "cfg_attr" {
        return None;
    }
    let given: Vec<TokenTree> = given.stream().into_iter().collect();
    let mut parts = given
        .split(is_comma)
        .map(|part| part.iter().cloned().collect::<TokenStream>());
    let condition = parts.next()?;
    let attributes = parts.filter(|part| !part.is_empty()).flat_map(|part| {
        let mark = TokenTree::from(Punct::new('#', Spacing::Alone));
        [mark, Group::new(Delimiter::Bracket, part).into()]
    });
    Some(Found {
        is_cfg: false,
        condition,
        attributes: attributes.collect(),
    })
}

fn spliced(tokens: &[TokenTree], range: std::ops::Range<usize>, with: TokenStream) -> TokenStream {
    let before = tokens[..range.start].iter().cloned();
    before
        .chain(with)
        .chain(tokens[range.end..].iter().cloned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(item: bool, tokens: TokenStream) -> String {
        decide(&Krate::default(), item, &tokens)
            .map(|tokens| tokens.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn each_condition_is_decided_alone() {
        let edge = quote!(pub F { a >> b; #[cfg(x)] b >> c; #[cfg(y)] c >> d; });
        let expected = quote! {
            #[cfg(x)] ::pocketflow::flow! { pub F { a >> b; b >> c; #[cfg(y)] c >> d; } }
            #[cfg(not(x))] ::pocketflow::flow! { pub F { a >> b; #[cfg(y)] c >> d; } }
        };
        assert_eq!(decided(true, edge), expected.to_string());
        let whole = quote!(#[cfg(x)] pub F { a; });
        assert_eq!(
            decided(true, whole),
            quote!(
                #[cfg(x)]
                ::pocketflow::flow! { pub F { a; } }
            )
            .to_string()
        );
        let attribute = quote!(#[cfg_attr(all(x, y), endless, doc = "Z")] F { a; });
        let expected = quote! {
            #[cfg(all(x, y))] ::pocketflow::flow! { #[endless] #[doc = "Z"] F { a; } }
            #[cfg(not(all(x, y)))] ::pocketflow::flow! { F { a; } }
        };
        assert_eq!(decided(true, attribute), expected.to_string());
        let statement = quote!(a >> b; #[cfg(x)] #[doc = "Z"] c: C);
        let expected = quote! {{
            #[cfg(x)] let __flow = ::pocketflow::flow! { a >> b; #[doc = "Z"] c: C };
            #[cfg(not(x))] let __flow = ::pocketflow::flow! { a >> b; };
            __flow
        }};
        assert_eq!(decided(false, statement), expected.to_string());
        let first = quote!(#[flow(crate = pf)] #[cfg(x)] a >> b; c);
        let expected = quote! {{
            #[cfg(x)] let __flow = ::pocketflow::flow! { #[flow(crate = pf)] a >> b; c };
            #[cfg(not(x))] let __flow = ::pocketflow::flow! { #[flow(crate = pf)] c };
            __flow
        }};
        assert_eq!(decided(false, first), expected.to_string());
        assert_eq!(decided(true, quote!(F { #[doc = "Z"] c: C; c; })), "");
    }

    #[test]
    fn one_node_of_a_fork_or_one_input_has_a_condition() {
        let both = |holds: TokenStream, fails: TokenStream| {
            quote! {
                #[cfg(x)] ::pocketflow::flow! { #holds }
                #[cfg(not(x))] ::pocketflow::flow! { #fails }
            }
            .to_string()
        };
        let three = decided(true, quote!(F { a >> (b, #[cfg(x)] c, d) >> e; }));
        assert_eq!(
            three,
            both(
                quote!(F { a >> (b, c, d) >> e; }),
                quote!(F { a >> (b, d) >> e; })
            )
        );
        let two = decided(true, quote!(F { a >> (b, #[cfg(x)] m::c) >> e; }));
        assert_eq!(
            two,
            both(
                quote!(F { a >> (b, m::c) >> e; }),
                quote!(F { a >> b >> e; })
            )
        );
        let option = decided(
            true,
            quote!(F: S { a >> (A.on(b), A.each(c, #[cfg(x)] parallel = 2)); }),
        );
        assert_eq!(
            option,
            both(
                quote!(F: S { a >> (A.on(b), A.each(c, parallel = 2)); }),
                quote!(F: S { a >> (A.on(b), A.each(c,)); })
            )
        );
        let alone = decided(true, quote!(F: S { A.each(c, #[cfg(x)] parallel = 2); }));
        assert_eq!(
            alone,
            both(
                quote!(F: S { A.each(c, parallel = 2); }),
                quote!(F: S { A.each(c,); })
            )
        );
        let input = decided(true, quote!(pub(crate) F(b, #[cfg(x)] c) { a; }));
        assert_eq!(
            input,
            both(
                quote!(pub(crate) F(b, c) { a; }),
                quote!(pub(crate) F(b,) { a; })
            )
        );
    }
}
