//! The attributes of the item that affect the generated code.

use quote::quote;
use syn::{Attribute, Expr, ExprLit, Ident, Lit};

use super::Marks;

/// The attributes of the item that the generated code needs as well.
pub(crate) fn marks(attributes: &[Attribute]) -> Marks {
    let mut marks = Marks {
        summary: summary(attributes),
        ..Marks::default()
    };
    for attribute in attributes {
        let path = attribute.path();
        let is_hidden = || {
            attribute
                .parse_args::<Ident>()
                .is_ok_and(|word| word == "hidden")
        };
        if path.is_ident("deprecated") {
            marks.of_type.push(attribute.clone());
            // The generated code names deprecated items, which does not count as using them.
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

/// The first paragraph of the documentation, if it is plain text without links, HTML and code
/// blocks.
fn summary(attributes: &[Attribute]) -> Option<String> {
    let lines = attributes.iter().filter_map(|attribute| {
        let value = &attribute.meta.require_name_value().ok()?.value;
        match value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(line),
                ..
            }) if attribute.path().is_ident("doc") => Some(line.value()),
            _ => None,
        }
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let lines = text.trim_start().lines().map(str::trim);
    let paragraph = lines
        .take_while(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n");
    let is_text = !paragraph.contains(['[', '<']) && !paragraph.contains("```");
    (is_text && !paragraph.is_empty()).then_some(paragraph)
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

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn a_summary_is_the_first_paragraph_without_links() {
        let whole: Vec<Attribute> = vec![
            parse_quote!(#[doc = " Charges the card,"]),
            parse_quote!(#[deprecated]),
            parse_quote!(#[doc = " once."]),
            parse_quote!(#[doc = ""]),
            parse_quote!(#[doc = " ```"]),
        ];
        assert_eq!(summary(&whole).unwrap(), "Charges the card,\nonce.");
        assert_eq!(summary(&[parse_quote!(#[doc = " See [the guide]."])]), None);
        assert_eq!(
            summary(&[parse_quote!(#[doc = "```\nrun();\n\n```"])]),
            None
        );
        assert_eq!(summary(&[parse_quote!(#[doc(hidden)])]), None);
    }
}
