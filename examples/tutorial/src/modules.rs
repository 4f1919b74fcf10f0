//! Reads the modules of a folder's crates, file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use syn::{ItemMod, Visibility};

use super::crates::{self, Workspace};
use super::items::{Item, documentation, has, is_hidden, is_test, item, value};
use super::uses::{Import, Mention, imports, mentions};

/// The code of a folder as plain data, without the syntax trees.
#[derive(Debug, Default)]
pub struct Code {
    /// The packages and the crates.
    pub workspace: Workspace,
    /// The modules, grouped by crate.
    pub modules: Vec<Module>,
    /// The root module of each crate, if its file could be read.
    pub roots: Vec<Option<usize>>,
    /// The number of files that were read.
    pub files: usize,
    /// What was left out, and why.
    pub skipped: Vec<String>,
}

/// A module.
#[derive(Debug)]
pub struct Module {
    /// The index of its crate in the workspace.
    pub of: usize,
    /// The names of the modules around it and its own name, without the name of the crate.
    pub path: Vec<String>,
    /// The module that contains it.
    pub parent: Option<usize>,
    /// Its file, relative to the folder.
    pub file: PathBuf,
    /// Its documentation, as Markdown.
    pub doc: String,
    /// Whether it is `pub` and not hidden from the documentation.
    pub public: bool,
    /// The modules that it contains, by name.
    pub children: BTreeMap<String, usize>,
    /// The items that it declares.
    pub items: Vec<Item>,
    /// The names that it imports, and whether each import is `pub`.
    pub imports: Vec<(Import, bool)>,
    /// The paths that its code mentions, without those of the modules inside it.
    pub mentions: Vec<Mention>,
}

/// Reads the Rust code of a folder. A file that cannot be read or parsed is left out and noted in
/// [`Code::skipped`].
///
/// # Errors
///
/// Fails if the folder does not exist or contains no readable Rust code.
pub fn read(folder: &Path) -> Result<Code> {
    // Cargo names the files in the same way.
    let folder = folder
        .canonicalize()
        .with_context(|| folder.display().to_string())?;
    ensure!(folder.is_dir(), "{} is not a folder", folder.display());
    let files = crates::files(&folder);
    let mut code = Code::default();
    code.workspace = crates::read(&folder, &files, &mut code.skipped)?;
    let mut reader = Reader {
        folder: &folder,
        files: &files,
        code,
    };
    for of in 0..reader.code.workspace.crates.len() {
        let file = reader.code.workspace.crates[of].file.clone();
        let children = file.parent().unwrap_or(&folder).to_owned();
        let root = Place {
            of,
            path: Vec::new(),
            parent: None,
            public: true,
            children,
        };
        let root = reader.file(&file, root, String::new());
        reader.code.roots.push(root);
    }
    let code = reader.code;
    ensure!(
        !code.modules.is_empty(),
        "{}: cannot read any file: {}",
        folder.display(),
        code.skipped.join("\n")
    );
    Ok(code)
}

struct Reader<'a> {
    folder: &'a Path,
    files: &'a BTreeSet<PathBuf>,
    code: Code,
}

/// The location of a module whose code has not been read yet.
struct Place {
    of: usize,
    path: Vec<String>,
    parent: Option<usize>,
    public: bool,
    /// The folder with the files of its submodules.
    children: PathBuf,
}

impl Reader<'_> {
    fn shown<'p>(&self, file: &'p Path) -> &'p Path {
        file.strip_prefix(self.folder).unwrap_or(file)
    }

    fn file(&mut self, file: &Path, place: Place, outer_doc: String) -> Option<usize> {
        let parsed = fs::read_to_string(file)
            .map_err(anyhow::Error::from)
            .and_then(|source| Ok((syn::parse_file(&source)?, source)));
        match parsed {
            Ok((syntax, source)) => {
                self.code.files += 1;
                let inner_doc = documentation(&syntax.attrs);
                let doc = [outer_doc, inner_doc].join("\n\n").trim().to_owned();
                Some(self.module(&syntax.items, &source, file, 0, place, doc))
            }
            Err(error) => {
                self.code
                    .skipped
                    .push(format!("{}: {error}", self.shown(file).display()));
                None
            }
        }
    }

    /// Reads the items of a module that is inside `depth` other modules of its file.
    fn module(
        &mut self,
        syntax: &[syn::Item],
        source: &str,
        file: &Path,
        depth: usize,
        place: Place,
        doc: String,
    ) -> usize {
        let syntax = &unwrapped(syntax, depth);
        let index = self.code.modules.len();
        let Place {
            of,
            path,
            parent,
            public,
            children,
        } = place;
        let mut module = Module {
            of,
            path,
            parent,
            file: self.shown(file).to_owned(),
            doc,
            public,
            children: BTreeMap::new(),
            items: syntax
                .iter()
                .filter_map(|(syntax, depth)| item(syntax, source, *depth))
                .collect(),
            imports: Vec::new(),
            mentions: Vec::new(),
        };
        let mut inner = Vec::new();
        for (syntax, depth) in syntax {
            match syntax {
                syn::Item::Mod(item) if is_test(&item.attrs) => {}
                syn::Item::Mod(item) => inner.push((item, *depth)),
                syn::Item::Use(item) if !is_test(&item.attrs) => {
                    let public =
                        matches!(item.vis, Visibility::Public(_)) && !is_hidden(&item.attrs);
                    let brought = imports(item.leading_colon.is_some(), &item.tree);
                    module
                        .imports
                        .extend(brought.into_iter().map(|import| (import, public)));
                    module.mentions.extend(mentions(syntax));
                }
                _ => module.mentions.extend(mentions(syntax)),
            }
        }
        let path = module.path.clone();
        self.code.modules.push(module);
        for (item, depth) in inner {
            let name = item.ident.to_string();
            // If `cfg` makes several modules exclude each other, the first one represents all of
            // them.
            if self.code.modules[index].children.contains_key(&name) {
                continue;
            }
            let path = [path.as_slice(), std::slice::from_ref(&name)].concat();
            let public = matches!(item.vis, Visibility::Public(_)) && !is_hidden(&item.attrs);
            let place = Place {
                of,
                path,
                parent: Some(index),
                public,
                children: children.join(&name),
            };
            if let Some(child) = self.inner(item, source, file, depth, place) {
                self.code.modules[index].children.insert(name, child);
            }
        }
        index
    }

    fn inner(
        &mut self,
        item: &ItemMod,
        source: &str,
        file: &Path,
        depth: usize,
        mut place: Place,
    ) -> Option<usize> {
        let doc = documentation(&item.attrs);
        if let Some((_, items)) = &item.content {
            return Some(self.module(items, source, file, depth + 1, place, doc));
        }
        let folder = place.children.with_file_name("");
        let set = item
            .attrs
            .iter()
            .find_map(|attribute| value(attribute, "path"));
        let (flat, nested) = match set {
            // Like rustc: the path is relative to the folder of this file, followed by the modules
            // inside the file.
            Some(set) => {
                let file = file.with_file_name(set);
                place.children = file.with_file_name("");
                (file, PathBuf::new())
            }
            None => (
                folder.join(format!("{}.rs", item.ident)),
                place.children.join("mod.rs"),
            ),
        };
        if let Some(found) = [flat, nested]
            .into_iter()
            .find(|path| self.files.contains(path))
        {
            return self.file(&found, place, doc);
        }
        // Modules that exist only for some systems or features may be generated or absent.
        if !has(&item.attrs, "cfg") && !has(&item.attrs, "cfg_attr") {
            let module = place.path.join("::");
            self.code.skipped.push(format!(
                "{}: there is no file for `mod {module}`",
                self.shown(file).display()
            ));
        }
        None
    }
}

/// The items and their indentation. Items inside a macro call, as in `cfg_unix! { pub mod pipe; }`,
/// belong to the module.
fn unwrapped(items: &[syn::Item], depth: usize) -> Vec<(syn::Item, usize)> {
    let mut found = Vec::new();
    for item in items {
        let inner = match item {
            syn::Item::Macro(call) if call.ident.is_none() => {
                call.mac.parse_body::<syn::File>().ok()
            }
            _ => None,
        };
        match inner {
            Some(inner) => found.extend(unwrapped(&inner.items, depth + 1)),
            None => found.push((item.clone(), depth)),
        }
    }
    found
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The code of a package `demo` with these files.
    pub(crate) fn demo(files: &[(&str, &str)]) -> Code {
        let folder = tempfile::tempdir().unwrap();
        let manifest = (
            "Cargo.toml",
            "[package]\nname = \"demo\"\nedition = \"2024\"\n[workspace]\n",
        );
        for (name, text) in files.iter().chain([&manifest]) {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        read(folder.path()).unwrap()
    }

    #[test]
    fn modules_are_found_wherever_their_files_are() {
        let code = demo(&[
            (
                "src/lib.rs",
                "//! Root.\nmod a;\n/// Outer.\npub mod b { pub mod c; }\n#[path = \"odd.rs\"]\nmod d;\nmod gone;\ncfg_g! {\n    pub mod g;\n    mod a;\n    /// Wrapped.\n    pub fn wrapped() {}\n}\n#[cfg(unix)]\nmod unix;",
            ),
            ("src/a/mod.rs", "pub mod e;"),
            ("src/a/e.rs", "//! Inner."),
            ("src/b/c.rs", "#[cfg(test)]\nmod tests;"),
            ("src/odd.rs", "mod f;"),
            ("src/f.rs", ""),
            ("src/g.rs", ""),
            ("src/main.rs", "fn main() {}"),
        ]);
        let paths = code
            .modules
            .iter()
            .map(|module| module.path.join("::"))
            .collect::<Vec<_>>();
        assert_eq!(paths, ["", "a", "a::e", "b", "b::c", "d", "d::f", "g", ""]);
        assert_eq!(code.roots, [Some(0), Some(8)]);
        assert_eq!(
            (code.modules[0].doc.as_str(), code.modules[3].doc.as_str()),
            ("Root.", "Outer.")
        );
        assert_eq!(code.modules[2].doc, "Inner.");
        assert_eq!(code.modules[0].items[0].signature, "pub fn wrapped()");
        assert_eq!(
            code.skipped,
            ["src/lib.rs: there is no file for `mod gone`"]
        );
        // The program may name the library of its package.
        assert_eq!(
            code.workspace.crates[1].externs,
            [("demo".to_owned(), 0)].into()
        );
    }
}
