//! The items that a file declares, with their signatures as written and their documentation.

use syn::{Attribute, Expr, Item as Syntax, Lit, Meta, Visibility};

/// An item that code elsewhere can name: a type, a function, a constant, a macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// Its signature, up to its body.
    pub signature: String,
    /// The first paragraph of its documentation, on one line.
    pub doc: String,
    /// Whether it is `pub` and not hidden from the documentation.
    pub public: bool,
    /// Whether any code outside its module can name it.
    pub shared: bool,
    /// Whether it is a macro. Macros have a separate namespace: a trait and its derive macro may
    /// both be called `Shared`.
    pub is_macro: bool,
}

/// The item for this syntax, if it has a name and is not a module. `source` is its file, and
/// `depth` is the number of modules around it in that file.
pub fn item(syntax: &Syntax, source: &str, depth: usize) -> Option<Item> {
    let (keyword, name, attributes, visibility) = match syntax {
        Syntax::Const(item) => ("const", &item.ident, &item.attrs, &item.vis),
        Syntax::Enum(item) => ("enum", &item.ident, &item.attrs, &item.vis),
        Syntax::Fn(item) => ("fn", &item.sig.ident, &item.attrs, &item.vis),
        Syntax::Static(item) => ("static", &item.ident, &item.attrs, &item.vis),
        Syntax::Struct(item) => ("struct", &item.ident, &item.attrs, &item.vis),
        Syntax::Trait(item) => ("trait", &item.ident, &item.attrs, &item.vis),
        Syntax::Type(item) => ("type", &item.ident, &item.attrs, &item.vis),
        Syntax::Union(item) => ("union", &item.ident, &item.attrs, &item.vis),
        Syntax::Macro(item) => {
            let name = item.ident.as_ref()?.to_string();
            let public = has(&item.attrs, "macro_export") && !is_hidden(&item.attrs);
            let signature = format!("macro_rules! {name}");
            let doc = first_paragraph(&documentation(&item.attrs));
            return Some(Item {
                name,
                signature,
                doc,
                public,
                shared: true,
                is_macro: true,
            });
        }
        _ => return None,
    };
    if is_test(attributes) {
        return None;
    }
    let mut name = name.to_string();
    let mut signature = signature(source, depth, keyword, &name);
    let procedural = procedural_macro(attributes);
    if let Some((kind, derived)) = &procedural {
        name = derived.clone().unwrap_or(name);
        signature = match *kind {
            "proc_macro" => format!("{name}!"),
            "proc_macro_derive" => format!("#[derive({name})]"),
            _ => format!("#[{name}]"),
        };
    }
    Some(Item {
        name,
        signature,
        doc: first_paragraph(&documentation(attributes)),
        public: matches!(visibility, Visibility::Public(_)) && !is_hidden(attributes),
        shared: !matches!(visibility, Visibility::Inherited),
        is_macro: procedural.is_some(),
    })
}

/// The kind of a procedural macro and, for a derive macro, its name.
fn procedural_macro(attributes: &[Attribute]) -> Option<(&'static str, Option<String>)> {
    attributes.iter().find_map(|attribute| {
        let kinds = ["proc_macro", "proc_macro_derive", "proc_macro_attribute"];
        let kind = kinds
            .into_iter()
            .find(|kind| attribute.path().is_ident(kind))?;
        let derived = match &attribute.meta {
            Meta::List(list) => list
                .tokens
                .to_string()
                .split(',')
                .next()
                .map(|name| name.trim().to_owned()),
            _ => None,
        };
        Some((kind, derived))
    })
}

/// Whether these attributes include one of this name.
pub fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident(name))
}

/// Whether the item is only for tests: `#[test]`, or `#[cfg(test)]`, also inside `all(…)`.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string();
            condition == "test" || condition.starts_with("all") && condition.contains("test")
        }
        meta => meta
            .path()
            .segments
            .last()
            .is_some_and(|last| last.ident == "test"),
    })
}

/// Whether the item is `#[doc(hidden)]`.
pub fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("doc") && list.tokens.to_string() == "hidden",
        _ => false,
    })
}

/// The value of an attribute like `#[path = "…"]`.
pub fn value(attribute: &Attribute, name: &str) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident(name) => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// The documentation comments, as Markdown.
pub fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes
        .iter()
        .filter_map(|attribute| value(attribute, "doc"));
    let text = lines.collect::<Vec<_>>().join("\n");
    let lines = text
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// The first paragraph of a text, on one line.
pub fn first_paragraph(text: &str) -> String {
    let lines = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

/// The signature of an item as written in its file. The syntax tree has lost the layout, which
/// makes types hard to read.
fn signature(source: &str, depth: usize, keyword: &str, name: &str) -> String {
    let wanted = format!("{keyword} {name}");
    let mut end = 0;
    let found = source.split_inclusive('\n').find_map(|line| {
        let start = end;
        end += line.len();
        let (before, after) = line.split_once(&wanted)?;
        // At another depth, it is in a function or an `impl`. Only `pub(crate) async` and the like
        // may precede it.
        let here = before.len() - before.trim_start().len() == 4 * depth
            && before
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || " ():\"C".contains(letter))
            && !after.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        here.then(|| {
            (
                before.trim_start(),
                &source[start + before.len() + wanted.len()..],
            )
        })
    });
    let Some((before, rest)) = found else {
        return wanted;
    };
    let mut nested = 0_i32;
    let body = rest.find(|letter: char| {
        let ends = match keyword {
            "struct" => "{;(",
            "fn" | "trait" | "enum" | "union" => "{;",
            _ => "=;",
        };
        let ended = nested == 0 && ends.contains(letter);
        nested += i32::from("([".contains(letter)) - i32::from(")]".contains(letter));
        ended
    });
    let head = rest[..body.unwrap_or(0)]
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let head = head
        .split(" where ")
        .next()
        .unwrap_or(&head)
        .replace("( ", "(")
        .replace(", )", ")");
    format!("{before}{wanted}{head}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(source: &str) -> Vec<Item> {
        let file = syn::parse_file(source).unwrap();
        file.items
            .iter()
            .filter_map(|syntax| item(syntax, source, 0))
            .collect()
    }

    fn signatures(source: &str) -> Vec<String> {
        items(source)
            .into_iter()
            .map(|item| item.signature)
            .collect()
    }

    #[test]
    fn signatures_are_as_written_without_their_bodies() {
        let source = r#"
mod inner {
    pub fn run() {}
}
pub async fn run<'a, T>(
    text: &'a str,
    bytes: [u8; 4],
) -> Option<&'a T>
where
    T: Copy,
{
    None
}
pub(crate) struct Pair(u8, u8);
pub struct Named<T> { field: T }
pub const LIMIT: u64 = 3;
pub type Short = Vec<u8>;
pub const fn running() {}
pub trait Shape: Send {}
"#;
        assert_eq!(
            signatures(source),
            [
                "pub async fn run<'a, T>(text: &'a str, bytes: [u8; 4]) -> Option<&'a T>",
                "pub(crate) struct Pair",
                "pub struct Named<T>",
                "pub const LIMIT: u64",
                "pub type Short",
                "pub const fn running()",
                "pub trait Shape: Send",
            ]
        );
        // With another layout, only the details are lost.
        assert_eq!(signatures("  pub  fn   run(x: u8) {}"), ["fn run"]);
    }

    #[test]
    fn macros_are_called_as_they_are_used() {
        let source = r#"
/// Declares a flow.
#[proc_macro]
pub fn flow(input: TokenStream) -> TokenStream { input }
#[proc_macro_attribute]
pub fn node(options: TokenStream, input: TokenStream) -> TokenStream { input }
#[proc_macro_derive(Shared, attributes(shared))]
pub fn derive_shared(input: TokenStream) -> TokenStream { input }
#[macro_export]
macro_rules! short { () => {} }
"#;
        assert_eq!(
            signatures(source),
            [
                "flow!",
                "#[node]",
                "#[derive(Shared)]",
                "macro_rules! short"
            ]
        );
        let items = items(source);
        assert_eq!(
            (items[0].doc.as_str(), items[2].name.as_str()),
            ("Declares a flow.", "Shared")
        );
        assert!(items.iter().all(|item| item.is_macro && item.public));
    }

    #[test]
    fn what_is_hidden_or_for_tests_is_known() {
        let items = items(
            "#[doc(hidden)] pub fn a() {}\n/// One\n/// two.\n///\n/// Three.\npub(crate) fn b() {}",
        );
        assert_eq!((items[0].public, items[0].shared), (false, true));
        assert_eq!(
            (items[1].public, items[1].shared, items[1].doc.as_str()),
            (false, true, "One two.")
        );
        for (attribute, test) in [
            ("#[cfg(test)]", true),
            ("#[tokio::test]", true),
            ("#[cfg(all(test, unix))]", true),
            ("#[cfg(unix)]", false),
        ] {
            let syntax =
                syn::parse_str::<syn::ItemFn>(&format!("{attribute} fn a() {{}}")).unwrap();
            assert_eq!(is_test(&syntax.attrs), test, "{attribute}");
        }
    }
}
