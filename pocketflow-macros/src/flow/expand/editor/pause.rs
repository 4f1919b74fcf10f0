//! The names in an `await(field, within = TIME)`, and in a declared `sleep(TIME)`.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::quote;

use super::{Names, is_group, is_mark, path};

/// Whether a declaration stands for a step that lets time pass.
pub(super) fn is_pause(stands: &[TokenTree]) -> bool {
    let [TokenTree::Ident(word), group, ..] = stands else {
        return false;
    };
    (word == "await" || word == "sleep") && is_group(group, Delimiter::Parenthesis)
}

impl Names<'_> {
    /// `cool_down: sleep("1h")`. Returns what follows it.
    pub(super) fn declared_pause<'t>(
        &mut self,
        name: &Ident,
        stands: &'t [TokenTree],
    ) -> Option<&'t [TokenTree]> {
        let [TokenTree::Ident(word), TokenTree::Group(group), after @ ..] = stands else {
            return None;
        };
        if !is_pause(stands) {
            return None;
        }
        let pf = self.pf;
        if word == "sleep" {
            self.out.extend(quote!(type #name = #word;));
            let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
            self.time(&tokens);
        } else {
            self.out
                .extend(quote!(type #name = #pf::__private::words::Await;));
            self.awaits(group);
        }
        Some(after)
    }

    /// `(approval, within = "3d")`
    pub(super) fn awaits(&mut self, group: &Group) {
        let pf = self.pf;
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let mut parts = tokens.split(|token| is_mark(token, ','));
        self.named_field(parts.next().unwrap_or_default());
        for part in parts {
            let name = part
                .first()
                .filter(|token| matches!(token, TokenTree::Ident(_)));
            self.out
                .extend(quote!(|__options: &#pf::__private::words::Await| &__options.#name;));
            if let [_, mark, value @ ..] = part {
                if is_mark(mark, '=') {
                    self.time(value);
                }
            }
        }
    }

    /// A constant in the place of a duration.
    fn time(&mut self, value: &[TokenTree]) {
        if let [TokenTree::Ident(_), ..] = value {
            let path: TokenStream = value[..path(value)].iter().cloned().collect();
            self.out.extend(quote!(let _ = #path;));
        }
    }
}
