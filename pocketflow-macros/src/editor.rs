//! What rust-analyzer reads in place of what rustc compiles. It need not be compiled, nor be
//! complete: where the user's code is half-written, so is this.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::quote;

use crate::krate::Krate;

/// Both versions: `editor` is the one for rust-analyzer.
pub(crate) fn written(pf: &Krate, editor: &TokenStream, compiler: &TokenStream) -> TokenStream {
    quote!(#pf::__private::written! { { #editor } { #compiler } })
}

/// Names of the user's, in the order in which they stand. `items` are statements.
///
/// A completion is asked for in a second expansion, with a made-up name at the cursor, and looked
/// up in the first at the same offset: whatever stands before a name is to be the same in both, and
/// what comes last is to be long.
pub(crate) fn mentions(items: &TokenStream) -> TokenStream {
    const ROOM: &str = "The rest of the names, while one of them is not written yet.                                                     ";
    quote! {
        const _: () = {
            #items
            let _ = #ROOM;
        };
    }
}

/// Tokens of the user's as tokens of the macro's, which are no mention of what they name.
pub(crate) fn unmentioned(tokens: TokenStream) -> TokenStream {
    let respan = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            let inside = unmentioned(group.stream());
            token = Group::new(group.delimiter(), inside).into();
        }
        token.set_span(Span::call_site());
        token
    };
    tokens.into_iter().map(respan).collect()
}
