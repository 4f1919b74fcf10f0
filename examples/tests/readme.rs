//! What the README says of the programs is so.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../../README.md");

/// The programs of this package, by their files.
fn programs() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin");
    let files = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

/// What a program prints with `--graph`. It lies beside any other program of the package.
fn graph(program: &str) -> String {
    let output = Command::new(Path::new(env!("CARGO_BIN_EXE_checkout")).with_file_name(program))
        .arg("--graph")
        .env_remove("OPENAI_BASE_URL")
        .env_remove("OPENAI_API_KEY")
        .output()
        .unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{program}: {output:?}"
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_diagrams_are_those_of_the_flows_that_run() {
    for program in programs() {
        let start = format!("<summary>{program}</summary>\n\n```mermaid\n");
        let (_, rest) = README
            .split_once(&start)
            .unwrap_or_else(|| panic!("no diagram of {program}"));
        let (diagram, _) = rest.split_once("```").unwrap();
        assert_eq!(diagram, graph(&program), "{program}");
    }
    assert_eq!(README.matches("```mermaid").count(), programs().len());
}

#[test]
fn the_table_has_every_program_and_its_command() {
    let (_, section) = README.split_once("\n## The programs\n").unwrap();
    let rows = section
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .take_while(|row| !row.starts_with("in Python"));
    let rows: Vec<Vec<_>> = rows
        .skip(1)
        .map(|row| row.split(" | ").collect())
        .filter(|row: &Vec<_>| row.len() == 4)
        .collect();
    let named: BTreeSet<_> = rows.iter().map(|row| row[0].to_owned()).collect();
    for row in &rows {
        let command = row[2].trim_matches('`');
        assert_eq!(
            command.split(' ').next(),
            Some(row[0]),
            "the command of {}",
            row[0]
        );
    }
    assert_eq!(
        named
            .into_iter()
            .filter(|name| name != "---")
            .collect::<BTreeSet<_>>(),
        programs()
    );
}
