//! Finds the paths that a piece of code mentions.

use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprCall, ExprPath, Item, Macro, Meta, Path, Token, UseTree};

use super::items::is_test;

/// Distinguishes things that may have the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// A module, a type, a function: anything that is not a macro.
    Item,
    /// A macro.
    Macro,
    /// A `use` imports everything with the name.
    Both,
}

/// A path in the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Its segments. A leading `::` is an empty first segment.
    pub path: Vec<String>,
    /// What it may refer to.
    pub space: Space,
}

/// A name that a `use` brings into a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The name; `None` for `*`.
    pub name: Option<String>,
    /// The path that it stands for.
    pub path: Vec<String>,
}

/// The names that a `use` brings.
pub fn imports(leading: bool, tree: &UseTree) -> Vec<Import> {
    let mut imports = Vec::new();
    let prefix = if leading {
        vec![String::new()]
    } else {
        Vec::new()
    };
    flatten(tree, prefix, &mut imports);
    imports
}

fn flatten(tree: &UseTree, mut prefix: Vec<String>, imports: &mut Vec<Import>) {
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            flatten(&path.tree, prefix, imports);
        }
        UseTree::Group(group) => {
            group
                .items
                .iter()
                .for_each(|tree| flatten(tree, prefix.clone(), imports));
        }
        UseTree::Glob(_) => imports.push(Import {
            name: None,
            path: prefix,
        }),
        UseTree::Name(name) => import(name.ident.to_string(), None, prefix, imports),
        UseTree::Rename(rename) => {
            import(
                rename.ident.to_string(),
                Some(rename.rename.to_string()),
                prefix,
                imports,
            );
        }
    }
}

fn import(last: String, rename: Option<String>, mut path: Vec<String>, imports: &mut Vec<Import>) {
    // `use graph::{self, Edge}` brings `graph`.
    if last != "self" || path.is_empty() {
        path.push(last);
    }
    let name = rename.or_else(|| path.last().cloned());
    imports.push(Import { name, path });
}

/// The paths in an item, including those in the arguments of `println!` and similar macros. Tests
/// are left out.
pub fn mentions(item: &Item) -> Vec<Mention> {
    let mut found = Mentions::default();
    found.visit_item(item);
    found.0
}

#[derive(Default)]
struct Mentions(Vec<Mention>);

impl Mentions {
    fn push(&mut self, path: &Path, space: Space) {
        let leading = path.leading_colon.map(|_| String::new());
        let segments = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string());
        self.0.push(Mention {
            path: leading.into_iter().chain(segments).collect(),
            space,
        });
    }
}

impl<'ast> Visit<'ast> for Mentions {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Const(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Macro(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &[],
        };
        if is_test(attributes) {
            return;
        }
        if let Item::Use(item) = item {
            let imports = imports(item.leading_colon.is_some(), &item.tree);
            let names = imports.into_iter().filter(|import| import.name.is_some());
            self.0.extend(names.map(|import| Mention {
                path: import.path,
                space: Space::Both,
            }));
        }
        visit::visit_item(self, item);
    }

    // The `crate` in `pub(crate)` uses nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast Path) {
        self.push(path, Space::Item);
        visit::visit_path(self, path);
    }

    fn visit_expr_path(&mut self, expression: &'ast ExprPath) {
        // A bare `error` may be a variable, even if something else has that name. A call is handled
        // below.
        let variable = expression
            .path
            .get_ident()
            .is_some_and(|name| name.to_string().starts_with(char::is_lowercase));
        if !variable {
            visit::visit_expr_path(self, expression);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(function) = &*call.func
            && function.path.get_ident().is_some()
        {
            self.push(&function.path, Space::Item);
            call.args
                .iter()
                .for_each(|argument| self.visit_expr(argument));
        } else {
            visit::visit_expr_call(self, call);
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let paths = Punctuated::<Path, Token![,]>::parse_terminated;
        match &attribute.meta {
            Meta::List(list) if list.path.is_ident("derive") => {
                let derived = list.parse_args_with(paths).unwrap_or_default();
                derived
                    .iter()
                    .for_each(|path| self.push(path, Space::Macro));
            }
            meta => self.push(meta.path(), Space::Macro),
        }
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.push(&call.path, Space::Macro);
        // Arguments that are not a list of expressions have a syntax of their macro, and are not
        // read.
        if let Ok(arguments) = call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated)
        {
            // They are parsed here and dropped, so they live shorter than the syntax that the
            // visitor borrows.
            let mut inner = Mentions::default();
            arguments
                .iter()
                .for_each(|argument| inner.visit_expr(argument));
            self.0.append(&mut inner.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(source: &str) -> Vec<String> {
        let file = syn::parse_file(source).unwrap();
        let mentions = file.items.iter().flat_map(mentions);
        let shown = |mention: Mention| match mention.space {
            Space::Item => mention.path.join("::"),
            Space::Macro => format!("{}!", mention.path.join("::")),
            Space::Both => format!("use {}", mention.path.join("::")),
        };
        mentions.map(shown).collect()
    }

    #[test]
    fn a_use_is_all_that_it_names() {
        assert_eq!(
            paths(
                "pub use crate::graph::{self, Edge as Line, check::*, solve::{Set}}; use ::serde::Serialize;"
            ),
            [
                "use crate::graph",
                "use crate::graph::Edge",
                "use crate::graph::solve::Set",
                "use ::serde::Serialize"
            ]
        );
        let syntax = syn::parse_str::<syn::ItemUse>("use a::{b as c, *};").unwrap();
        let names = imports(false, &syntax.tree)
            .into_iter()
            .map(|import| import.name)
            .collect::<Vec<_>>();
        assert_eq!(names, [Some("c".to_owned()), None]);
    }

    #[test]
    fn paths_are_found_in_types_calls_attributes_and_macros() {
        let source = "
            #[derive(Debug, macros::Shared)]
            struct Order { pub(crate) bank: bank::Bank }
            #[node(Order)]
            fn pay(bank: &Order) -> Option<u8> { let error = charge(bank); println!(\"{}\", money(error)); Limit::MAX }
            #[cfg(test)]
            mod tests { fn f() { hidden::call() } }
            #[test]
            fn t() { hidden::call() }";
        assert_eq!(
            paths(source),
            [
                "Debug!",
                "macros::Shared!",
                "bank::Bank",
                "node!",
                "Order",
                "Option",
                "u8",
                "charge",
                "println!",
                "money",
                "Limit::MAX"
            ]
        );
    }
}
