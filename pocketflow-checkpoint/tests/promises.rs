//! The table of promises in the README names the test of each promise.

use std::fs;
use std::path::Path;

/// The source of a test target: a file, or a folder of files.
fn source(target: &str) -> String {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests = package.join(if target == "conformance" {
        "src"
    } else {
        "tests"
    });
    if target.ends_with(".rs") {
        return fs::read_to_string(tests.join(target)).unwrap_or_default();
    }
    let files = fs::read_dir(tests.join(target))
        .unwrap()
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    files.collect()
}

#[test]
fn each_promise_has_a_test_of_that_name() {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let rows: Vec<_> = readme
        .lines()
        .skip_while(|line| !line.starts_with("| | guarantee |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert!(rows.len() > 10, "{rows:?}");
    for row in rows {
        let tests = row.trim_end_matches('|').rsplit('|').next().unwrap();
        // `file.rs`: `test`, `test of the same file`; `folder`: `test`
        let (mut text, mut found) = (String::new(), 0);
        for part in tests.split('`').skip(1).collect::<Vec<_>>().chunks(2) {
            let (name, target) = (
                part[0],
                part.get(1).is_some_and(|after| after.starts_with(':')),
            );
            if target {
                text = source(name);
                assert!(!text.is_empty(), "there is no test target `{name}`: {row}");
            } else {
                // A test, or a module of tests.
                let is = |kind| text.contains(&format!("{kind} {name}"));
                assert!(is("fn") || is("mod"), "there is no test `{name}`: {row}");
                found += 1;
            }
        }
        assert!(found > 0, "no test is named: {row}");
    }
}
