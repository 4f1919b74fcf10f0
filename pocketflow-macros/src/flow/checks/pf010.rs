//! PF010: an impossible bound.

use syn::LitInt;

use crate::flow::parse::{Statement, Syntax};
use crate::refusal::{Code, Errors};

/// An edge with `max 0`.
pub(super) fn never_taken(syntax: &Syntax, errors: &mut Errors) {
    for statement in &syntax.statements {
        let Statement::Chain(chain) = statement else {
            continue;
        };
        for bound in chain.links.iter().filter_map(|link| link.bound.as_ref()) {
            let max = bound.max.literal();
            if let Some(Ok(0)) = max.map(LitInt::base10_parse::<u32>) {
                let refusal = Code::PF010
                    .refuse("an edge with `max 0` is never taken")
                    .help("leave the edge out, or allow it once: `max 1 else …`");
                errors.at(&bound.max, refusal);
            }
        }
    }
}
