//! `flow!`: a graph becomes a state machine.

mod cfg;
mod check;
mod editor;
mod expand;
mod model;
mod parse;

use proc_macro2::TokenStream;

use crate::names::ungrouped;

/// The whole of `flow!`.
pub(crate) fn flow(input: TokenStream) -> TokenStream {
    let input = ungrouped(input);
    let (syntax, mut errors) = parse::parse(input.clone());
    if syntax.is_neither {
        return errors.first().to_compile_error();
    }
    if let Some(decided) = cfg::decide(&model::krate(&syntax), syntax.header.is_some(), &input) {
        return decided;
    }
    let complete = errors.is_empty();
    let (model, wrong) = model::model(&syntax);
    errors.extend(wrong);
    if complete {
        errors.extend(check::check(&model));
    }
    expand::expand(&model, &errors, complete, &input)
}
