//! What an editor reads for the options and parameters of a node: each field once, as a field of
//! the store. The names come from the tokens, so this works for an incomplete node as well.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use crate::editor::{mentions, unmentioned};
use crate::krate::Krate;

/// Writes the names in `#[node(…)]` and in its item.
pub(in crate::node) fn names(
    pf: &Krate,
    attributes: &TokenStream,
    item: &TokenStream,
) -> TokenStream {
    let attributes: Vec<TokenTree> = attributes.clone().into_iter().collect();
    let mut options = attributes.split(|token| is_mark(token, ','));
    let store: TokenStream = options.next().unwrap_or_default().iter().cloned().collect();
    if store.is_empty() {
        return mentions(&TokenStream::new());
    }
    let mut names = Names {
        store: unmentioned(store.clone()),
        out: quote!(let _: *const #store;),
    };
    for option in options {
        names.option(pf, option);
    }
    if let Some(TokenTree::Punct(_)) = attributes.last() {
        names
            .out
            .extend(quote!(|__options: &#pf::__private::words::Options| &__options.;));
    }
    names.item(pf, &item.clone().into_iter().collect::<Vec<_>>());
    mentions(&names.out)
}

struct Names {
    store: TokenStream,
    out: TokenStream,
}

impl Names {
    fn option(&mut self, pf: &Krate, option: &[TokenTree]) {
        let [TokenTree::Ident(name), value @ ..] = option else {
            return;
        };
        self.out
            .extend(quote!(|__options: &#pf::__private::words::Options| &__options.#name;));
        match (&*name.to_string(), value) {
            ("writes" | "reads", [TokenTree::Group(fields)]) => {
                let fields: Vec<TokenTree> = fields.stream().into_iter().collect();
                for field in fields.split(|token| is_mark(token, ',')) {
                    self.field(field.first());
                }
            }
            ("writes" | "appends" | "failures", [mark, value @ ..]) if is_mark(mark, '=') => {
                self.field(value.first())
            }
            _ => {}
        }
    }

    fn item(&mut self, pf: &Krate, tokens: &[TokenTree]) {
        let is_step = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "fn");
        for (at, _) in tokens
            .iter()
            .enumerate()
            .filter(|(_, token)| is_step(token))
        {
            let group = tokens[at..]
                .iter()
                .find_map(|token| group(token, Delimiter::Parenthesis));
            if let Some(parameters) = group {
                self.parameters(pf, &parameters.stream().into_iter().collect::<Vec<_>>());
            }
        }
        if tokens.iter().any(is_step) {
            return;
        }
        let methods = tokens
            .iter()
            .rev()
            .find_map(|token| group(token, Delimiter::Brace));
        if let Some(methods) = methods {
            self.item(pf, &methods.stream().into_iter().collect::<Vec<_>>());
        }
    }

    fn parameters(&mut self, pf: &Krate, parameters: &[TokenTree]) {
        for parameter in parameters.split(|token| is_mark(token, ',')) {
            let (mut rest, mut of_context) = (parameter, false);
            while let [
                TokenTree::Punct(mark),
                TokenTree::Group(attribute),
                after @ ..,
            ] = rest
            {
                if mark.as_char() != '#' {
                    break;
                }
                let attribute: Vec<TokenTree> = attribute.stream().into_iter().collect();
                match &attribute[..] {
                    [TokenTree::Ident(name)] if name == "context" => of_context = true,
                    [TokenTree::Ident(name), TokenTree::Group(field)] if name == "each" => {
                        self.field(field.stream().into_iter().next().as_ref());
                    }
                    _ => {}
                }
                rest = after;
            }
            // A parameter that has no type yet.
            match rest {
                [name @ TokenTree::Ident(_)] if of_context => self.context_field(pf, name),
                [name @ TokenTree::Ident(_)] => self.field(Some(name)),
                _ => {}
            }
        }
        // The position at which the next parameter may follow.
        self.field(None);
    }

    fn context_field(&mut self, pf: &Krate, field: &TokenTree) {
        let store = &self.store;
        self.out.extend(quote! {
            |__context: <#store as #pf::Shared>::Context<'_>| {
                &<#store as #pf::__private::ContextOf<_>>::open(__context).#field
            };
        });
    }

    fn field(&mut self, field: Option<&TokenTree>) {
        let store = &self.store;
        self.out
            .extend(quote!(|__shared: &#store| &__shared.#field;));
    }
}

fn group(token: &TokenTree, delimiter: Delimiter) -> Option<&Group> {
    match token {
        TokenTree::Group(group) if group.delimiter() == delimiter => Some(group),
        _ => None,
    }
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == mark)
}
