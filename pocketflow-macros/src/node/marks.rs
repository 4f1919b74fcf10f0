//! Attributes of the item that concern more than the item.

use quote::quote;
use syn::{Attribute, Ident};

use super::model::Marks;

/// What of an item's attributes holds for the generated code as well.
pub(crate) fn marks(attributes: &[Attribute]) -> Marks {
    let mut marks = Marks::default();
    for attribute in attributes {
        let path = attribute.path();
        let is_hidden = || {
            attribute
                .parse_args::<Ident>()
                .is_ok_and(|word| word == "hidden")
        };
        if path.is_ident("deprecated") {
            marks.of_type.push(attribute.clone());
            // The generated code names what is deprecated, which is no use of it.
            marks.allowed.push(quote!(#[allow(deprecated)]));
        } else if path.is_ident("doc") && is_hidden() {
            marks.of_type.push(attribute.clone());
        } else if path.is_ident("allow") {
            marks.allowed.push(quote!(#attribute));
        } else if let ("expect", Ok(list)) = (&*text(attribute), attribute.meta.require_list()) {
            // The item itself fulfils the expectation.
            let lints = &list.tokens;
            marks.allowed.push(quote!(#[allow(#lints)]));
        }
    }
    marks
}

fn text(attribute: &Attribute) -> String {
    attribute
        .path()
        .get_ident()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// Whether an attribute is another `#[node]`.
pub(crate) fn is_node(attribute: &Attribute) -> bool {
    let path: Vec<_> = attribute
        .path()
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    matches!(
        path.iter().map(String::as_str).collect::<Vec<_>>()[..],
        ["node"] | ["pocketflow", "node"]
    )
}
