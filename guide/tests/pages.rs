//! No page of the guide is forgotten, and its links lead somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn guide() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages below a folder of `src`, as paths from there.
fn pages(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(guide().join("src").join(folder)).unwrap() {
        let path = folder.join(entry.unwrap().file_name());
        if path.extension().is_none() {
            found.extend(pages(&path));
        } else if path != Path::new("SUMMARY.md") {
            found.insert(path);
        }
    }
    found
}

/// The targets of the links in a text that are neither web pages nor places in the page itself.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !link.starts_with("http") && !link.starts_with('#'))
        .map(|link| link.split('#').next().unwrap())
}

#[test]
fn every_page_is_in_the_summary_and_is_compiled() {
    let summary = fs::read_to_string(guide().join("src/SUMMARY.md")).unwrap();
    let listed: BTreeSet<_> = links(&summary).map(PathBuf::from).collect();
    assert_eq!(listed, pages(Path::new("")));

    let library = fs::read_to_string(guide().join("lib.rs")).unwrap();
    for page in listed {
        assert!(
            library.contains(&format!("\"{}\"", page.display())),
            "lib.rs does not name {}",
            page.display()
        );
    }
}

#[test]
fn every_link_leads_to_a_file() {
    for page in pages(Path::new("")) {
        let file = guide().join("src").join(&page);
        let text = fs::read_to_string(&file).unwrap();
        for link in links(&text) {
            let target = file.parent().unwrap().join(link);
            assert!(target.exists(), "{}: {link}", page.display());
        }
    }
}

#[test]
fn the_page_about_tests_shows_a_file_of_tests() {
    let page = fs::read_to_string(guide().join("src/testing.md")).unwrap();
    let tests = include_str!("testing.rs");
    assert!(page.contains(&format!("```rust\n{tests}```\n")));
}
