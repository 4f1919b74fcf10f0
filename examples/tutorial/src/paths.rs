//! Resolves paths in the code, and finds the path under which a public item is known.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::modules::Code;
use super::uses::{Import, Space};

/// The target of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A module.
    Module(usize),
    /// An item of a module, by its index there.
    Item(usize, usize),
}

impl Target {
    /// The module that it is, or that contains it.
    pub fn module(self) -> usize {
        match self {
            Self::Module(module) | Self::Item(module, _) => module,
        }
    }
}

/// The names that are being looked up, so that circular imports end.
type Pending = BTreeSet<(usize, String, bool)>;

impl Code {
    /// Resolves a path in a module, through imports and re-exports, to an item of this folder.
    /// Returns nothing for any other path. Segments after the item, such as a variant or a method,
    /// are ignored.
    pub fn resolve(&self, module: usize, path: &[String], space: Space) -> Vec<Target> {
        let spaces: &[bool] = match space {
            Space::Item => &[false],
            Space::Macro => &[true],
            Space::Both => &[false, true],
        };
        let mut targets = spaces
            .iter()
            .filter_map(|space| self.follow(module, path, *space, &mut Pending::new()))
            .collect::<Vec<_>>();
        targets.dedup();
        targets
    }

    fn follow(
        &self,
        module: usize,
        path: &[String],
        is_macro: bool,
        pending: &mut Pending,
    ) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        let target = match first.as_str() {
            "" => return self.in_extern(module, rest, is_macro, pending),
            "crate" => Target::Module(self.roots[self.modules[module].of]?),
            "self" => Target::Module(module),
            "super" => Target::Module(self.modules[module].parent?),
            name => match self.look_up(module, name, is_macro && rest.is_empty(), pending) {
                Some(target) => target,
                None => return self.in_extern(module, path, is_macro, pending),
            },
        };
        self.descend(target, rest, is_macro, pending)
    }

    fn in_extern(
        &self,
        module: usize,
        path: &[String],
        is_macro: bool,
        pending: &mut Pending,
    ) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        let of = *self.workspace.crates[self.modules[module].of]
            .externs
            .get(first)?;
        self.descend(Target::Module(self.roots[of]?), rest, is_macro, pending)
    }

    fn descend(
        &self,
        target: Target,
        rest: &[String],
        is_macro: bool,
        pending: &mut Pending,
    ) -> Option<Target> {
        let (Target::Module(module), Some((next, rest))) = (target, rest.split_first()) else {
            return Some(target);
        };
        if next == "super" {
            return self.descend(
                Target::Module(self.modules[module].parent?),
                rest,
                is_macro,
                pending,
            );
        }
        let found = self.look_up(module, next, is_macro && rest.is_empty(), pending)?;
        self.descend(found, rest, is_macro, pending)
    }

    /// Resolves a name in a module: first to what it declares, then to what it imports by name,
    /// then to what a `*` import brings in.
    fn look_up(
        &self,
        module: usize,
        name: &str,
        is_macro: bool,
        pending: &mut Pending,
    ) -> Option<Target> {
        let this = &self.modules[module];
        if let Some(&child) = this.children.get(name).filter(|_| !is_macro) {
            return Some(Target::Module(child));
        }
        if let Some(item) = this
            .items
            .iter()
            .position(|item| item.name == name && item.is_macro == is_macro)
        {
            return Some(Target::Item(module, item));
        }
        let key = (module, name.to_owned(), is_macro);
        if !pending.insert(key.clone()) {
            return None;
        }
        let named = |import: &&Import| import.name.as_deref() == Some(name);
        let imports = || this.imports.iter().map(|(import, _)| import);
        let mut found = imports().filter(named).find_map(|import| {
            // `use serde;` would find itself again in this module, but it means the crate.
            self.follow(module, &import.path, is_macro, pending)
        });
        for import in imports().filter(|import| import.name.is_none()) {
            if found.is_none()
                && let Some(Target::Module(globbed)) =
                    self.follow(module, &import.path, false, pending)
            {
                found = self.look_up(globbed, name, is_macro, pending);
            }
        }
        pending.remove(&key);
        found
    }

    /// The shortest path under which code outside the crate can name each public item of a library,
    /// as `(module, item)`.
    pub fn public(&self) -> BTreeMap<(usize, usize), String> {
        let mut paths = BTreeMap::new();
        for (of, library) in self
            .workspace
            .crates
            .iter()
            .enumerate()
            .filter(|(_, library)| !library.program)
        {
            let Some(root) = self.roots[of] else { continue };
            let mut queue = VecDeque::from([(root, library.name.clone())]);
            let mut seen = BTreeSet::from([root]);
            while let Some((module, path)) = queue.pop_front() {
                for (target, name) in self.exports(module) {
                    match (target, name) {
                        (Target::Item(at, item), Some(name)) if self.modules[at].of == of => {
                            paths
                                .entry((at, item))
                                .or_insert_with(|| format!("{path}::{name}"));
                        }
                        (Target::Module(inner), name)
                            if self.modules[inner].of == of && seen.insert(inner) =>
                        {
                            let path =
                                name.map_or_else(|| path.clone(), |name| format!("{path}::{name}"));
                            queue.push_back((inner, path));
                        }
                        _ => {}
                    }
                }
            }
        }
        paths
    }

    /// The modules that a module makes visible, each with its name, or without one for a `pub use
    /// …::*`, which exposes what is in a module.
    fn exports(&self, module: usize) -> Vec<(Target, Option<String>)> {
        let this = &self.modules[module];
        let items = this
            .items
            .iter()
            .enumerate()
            .filter(|(_, item)| item.public);
        let mut exports = items
            .map(|(index, item)| (Target::Item(module, index), Some(item.name.clone())))
            .collect::<Vec<_>>();
        let children = this
            .children
            .iter()
            .filter(|(_, child)| self.modules[**child].public);
        exports.extend(children.map(|(name, child)| (Target::Module(*child), Some(name.clone()))));
        for (import, _) in this.imports.iter().filter(|(_, public)| *public) {
            let targets = self.resolve(module, &import.path, Space::Both);
            exports.extend(
                targets
                    .into_iter()
                    .map(|target| (target, import.name.clone())),
            );
        }
        exports
    }
}

#[cfg(test)]
mod tests {
    use super::super::modules::tests::demo;
    use super::*;

    fn found(code: &Code, module: &str, path: &str, space: Space) -> Vec<String> {
        let at = code
            .modules
            .iter()
            .position(|known| known.path.join("::") == module)
            .unwrap();
        let path = path.split("::").map(str::to_owned).collect::<Vec<_>>();
        let shown = |target| match target {
            Target::Module(module) => code.modules[module].path.join("::"),
            Target::Item(module, item) => {
                format!(
                    "{}::{}",
                    code.modules[module].path.join("::"),
                    code.modules[module].items[item].signature
                )
            }
        };
        code.resolve(at, &path, space)
            .into_iter()
            .map(shown)
            .collect()
    }

    fn code() -> Code {
        demo(&[
            (
                "src/lib.rs",
                "pub mod a; mod b; pub use b::{Thing as Other, *}; pub use a::deep; use serde; use x::y; use y::x;\n\
                 #[doc(hidden)]\npub mod hidden { pub struct Secret; }",
            ),
            (
                "src/a.rs",
                "pub use crate::b::Thing; pub mod deep { use super::super::b; pub(crate) struct Near;\n    pub struct Far;\n}",
            ),
            (
                "src/b.rs",
                "pub struct Thing;\npub enum Kind { One }\npub use crate::macros_here;\n#[macro_export]\nmacro_rules! Thing { () => {} }",
            ),
        ])
    }

    #[test]
    fn paths_are_followed_through_imports_and_re_exports() {
        let code = code();
        for (module, path, target) in [
            ("", "Other", "b::pub struct Thing"),
            ("", "Kind::One", "b::pub enum Kind"),
            ("a", "Thing::new", "b::pub struct Thing"),
            ("a::deep", "b::Thing", "b::pub struct Thing"),
            ("a::deep", "super::super::a::Thing", "b::pub struct Thing"),
            ("a::deep", "crate::deep::Far", "a::deep::pub struct Far"),
            ("b", "self", "b"),
        ] {
            assert_eq!(found(&code, module, path, Space::Item), [target], "{path}");
        }
        // Paths to code elsewhere and circular paths resolve to nothing.
        for path in [
            "serde::Serialize",
            "std::fmt",
            "x::z",
            "super::a",
            "nothing",
        ] {
            assert!(found(&code, "", path, Space::Item).is_empty(), "{path}");
        }
        assert_eq!(
            found(&code, "b", "Thing", Space::Both),
            ["b::pub struct Thing", "b::macro_rules! Thing"]
        );
        assert_eq!(
            found(&code, "b", "Thing", Space::Macro),
            ["b::macro_rules! Thing"]
        );
    }

    #[test]
    fn a_public_item_has_the_shortest_path_that_leads_to_it() {
        let code = code();
        let paths = code.public().into_values().collect::<BTreeSet<_>>();
        let expected = ["demo::Kind", "demo::Other", "demo::deep::Far"];
        assert_eq!(paths, expected.map(str::to_owned).into());
    }
}
