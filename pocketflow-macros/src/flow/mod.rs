//! `flow!`: turns a graph into a state machine.
//!
//! `parse` reads the tokens, `model` builds the graph, `checks` rejects a graph that is wrong, and
//! `expand` writes the code. Before that, `cfg` handles the conditions in the tokens.

mod cfg;
mod checks;
mod expand;
mod model;
mod parse;

use proc_macro2::TokenStream;

use crate::krate::Krate;
use crate::names::ungrouped;

/// Expands `flow!`.
pub(crate) fn flow(input: TokenStream) -> TokenStream {
    let input = ungrouped(input);
    let (mut syntax, mut errors) = parse::parse(input.clone());
    if syntax.is_neither {
        return errors.first().to_compile_error();
    }
    let complete = errors.is_empty();
    let krate = Krate::take(&mut syntax.attributes, "flow", &mut errors);
    if let Some(decided) = cfg::decide(&krate, syntax.header.is_some(), &input) {
        return decided;
    }
    let model = model::model(&syntax, krate);
    checks::check(&syntax, &model, complete, &mut errors);
    expand::expand(&model, &errors, complete, &input)
}
