//! The README of the examples lists every program and shows the flow that it runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

fn readme() -> String {
    fs::read_to_string(file()).unwrap()
}

/// The programs, by their files: in `src/bin`, or in separate packages.
fn programs() -> BTreeSet<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = |folder: &Path| {
        let entries = folder.read_dir().unwrap();
        entries.map(|entry| entry.unwrap().path())
    };
    let packages = entries(here).filter(|folder| folder.join("src/main.rs").exists());
    entries(&here.join("src/bin"))
        .chain(packages)
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

/// The output of a program with `--graph`. All programs of the workspace are in the same folder.
fn graph(program: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_shop")).with_file_name(program);
    assert!(
        program.exists(),
        "{} is not built: test the whole workspace, or run `cargo build --bins` first",
        program.display()
    );
    let output = Command::new(&program)
        .arg("--graph")
        .env_remove("OPENAI_BASE_URL")
        .env_remove("OPENAI_API_KEY")
        .output()
        .unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}: {output:?}",
        program.display()
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The README with the current diagrams of the programs.
fn updated(readme: &str) -> String {
    let mut parts = readme.split("<summary>");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (program, rest) = part.split_once("</summary>").unwrap();
        let (_, after) = rest
            .split_once("```mermaid\n")
            .and_then(|(_, diagram)| diagram.split_once("```"))
            .unwrap_or_else(|| panic!("{program} has no diagram"));
        let graph = graph(program);
        text += &format!("<summary>{program}</summary>\n\n```mermaid\n{graph}```{after}");
    }
    text
}

#[test]
fn the_diagrams_are_those_of_the_flows_that_run() {
    let readme = readme();
    let drawn: BTreeSet<_> = readme
        .split("<summary>")
        .skip(1)
        .map(|part| part.split("</summary>").next().unwrap().to_owned())
        .collect();
    assert_eq!(drawn, programs());

    let updated = updated(&readme);
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(file(), updated).unwrap();
    } else {
        assert_eq!(
            readme, updated,
            "set UPDATE_README=1 to update the diagrams"
        );
    }
}

#[test]
fn the_table_has_every_program_and_its_command() {
    let readme = readme();
    let (_, section) = readme.split_once("\n## The programs\n").unwrap();
    let rows: Vec<Vec<_>> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .map(|row| row.split(" | ").collect())
        .skip(2)
        .collect();
    for row in &rows {
        assert_eq!(row.len(), 4, "{row:?}");
        let command = row[2].trim_matches('`');
        assert_eq!(command.split(' ').next(), Some(row[0]));
    }
    let named: BTreeSet<_> = rows.iter().map(|row| row[0].to_owned()).collect();
    assert_eq!(named, programs());
}
