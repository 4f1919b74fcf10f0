//! Records what the macros generate: `tests/expansion/NAME.rs` is what a user writes, and
//! `tests/expansion/NAME.expanded.rs` is what the compiler sees.
//!
//! `UPDATE_EXPANSION=1 cargo test -p pocketflow-macros expansion` rewrites the expanded files.

use std::path::{Path, PathBuf};
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, File, Item, ItemMacro, Meta};

use crate::{action, flow, node, store};

#[test]
fn every_expansion_is_as_recorded() {
    let mut differing = Vec::new();
    for input in inputs() {
        let expanded = input.with_extension("expanded.rs");
        let found = expand(&read(&input));
        if env::var_os("UPDATE_EXPANSION").is_some() {
            fs::write(&expanded, found).expect("the expanded file can be written");
        } else if fs::read_to_string(&expanded).unwrap_or_default() != found {
            differing.push(expanded);
        }
    }
    assert!(
        differing.is_empty(),
        "the macros generate other code than is recorded: run this test with UPDATE_EXPANSION=1, \
         and read what changes in {differing:#?}"
    );
}

#[test]
fn every_expanded_file_has_an_input() {
    let inputs = inputs();
    let orphans: Vec<_> = files()
        .filter(|file| !inputs.contains(file))
        .filter(|file| !inputs.contains(&file.with_extension("").with_extension("rs")))
        .collect();
    assert!(orphans.is_empty(), "{orphans:#?}");
}

fn files() -> impl Iterator<Item = PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expansion");
    let entries = fs::read_dir(folder).expect("the folder of expansions");
    entries.map(|entry| entry.expect("an entry of the folder").path())
}

fn inputs() -> Vec<PathBuf> {
    let is_input = |file: &PathBuf| !file.to_string_lossy().ends_with(".expanded.rs");
    let mut inputs: Vec<_> = files().filter(is_input).collect();
    assert!(inputs.len() >= 13, "{inputs:#?}");
    inputs.sort();
    inputs
}

fn read(path: &Path) -> File {
    let text = fs::read_to_string(path).expect("the input can be read");
    syn::parse_file(&text).expect("the input is Rust")
}

/// Expands the macro that each item of a file calls.
fn expand(input: &File) -> String {
    let tokens: TokenStream = input.items.iter().flat_map(expand_item).collect();
    let file = syn::parse2(tokens).expect("the macros write items");
    prettyplease::unparse(&file)
}

fn expand_item(item: &Item) -> TokenStream {
    let mut item = item.clone();
    match &mut item {
        Item::Fn(function) => {
            let options = take_options(&mut function.attrs);
            node::node(options, item.into_token_stream())
        }
        Item::Impl(methods) => {
            let options = take_options(&mut methods.attrs);
            node::node(options, item.into_token_stream())
        }
        Item::Struct(_) => store::derive(item.into_token_stream()),
        Item::Enum(_) => action::derive(item.into_token_stream()),
        Item::Macro(ItemMacro { mac, .. }) => flow::flow(mac.tokens.clone()),
        other => panic!("no macro expands {}", other.to_token_stream()),
    }
}

/// Removes `#[node(…)]` from an item.
fn take_options(attributes: &mut Vec<Attribute>) -> TokenStream {
    let is_node = |attribute: &Attribute| attribute.path().is_ident("node");
    let index = attributes.iter().position(is_node);
    let attribute = index.map(|index| attributes.remove(index));
    match attribute.map(|attribute| attribute.meta) {
        Some(Meta::List(list)) => list.tokens,
        _ => panic!("the item has no `#[node(…)]`"),
    }
}
