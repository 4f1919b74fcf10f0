//! The pages of the error index, and the README, show what the compiler prints.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder for the programs. Git ignores it, because a message names the program's file.
const FOLDER: &str = "target/pages";

struct Page {
    code: String,
    program: String,
    message: String,
}

/// Every page, with its wrong program and the message below it.
fn pages() -> Vec<Page> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pocketflow-core/errors");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| page(file)).collect()
}

fn page(file: &Path) -> Page {
    let text = fs::read_to_string(file).unwrap();
    let code = file.file_stem().unwrap().to_str().unwrap().to_owned();
    let block = |start: &str| {
        let from = text
            .find(start)
            .unwrap_or_else(|| panic!("{code} has no block {start}"))
            + start.len();
        let from = from + text[from..].find('\n').unwrap() + 1;
        text[from..from + text[from..].find("```").unwrap()].to_owned()
    };
    let (program, message) = (block("```compile_fail"), block("```text"));
    let shown = |line: &str| match line {
        "#" => String::new(),
        line => line.strip_prefix("# ").unwrap_or(line).to_owned(),
    };
    let mut program = program.lines().map(shown).collect::<Vec<_>>().join("\n");
    if !program.contains("fn main()") {
        program += "\nfn main() {}";
    }
    Page {
        code,
        program: program + "\n",
        message,
    }
}

/// The first program of the README with the mistake that it describes, and the message below it.
fn readme() -> Page {
    let text = include_str!("../../README.md");
    let block = |start: &str| {
        let (_, rest) = text.split_once(start).unwrap();
        rest.split_once("```").unwrap().0.to_owned()
    };
    let (program, message) = (block("```rust\n"), block("```text\n"));
    let (right, wrong) = ("- \"approved\" >> pay;", "- \"approved\" >> refuse;");
    assert!(program.contains(right));
    Page {
        code: "README".to_owned(),
        program: program.replace(right, wrong),
        message,
    }
}

#[test]
fn every_wrong_program_has_the_message_of_its_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    fs::create_dir_all(&folder).unwrap();
    let programs = trybuild::TestCases::new();
    for Page {
        code,
        program,
        message,
    } in pages().into_iter().chain([readme()])
    {
        let path = format!("{FOLDER}/{code}.rs");
        // A denied warning has an additional note. Programs that must not compile have to deny it.
        if message.starts_with("warning") {
            let snapshot = include_str!("../ui/pf011/overwritten.stderr");
            let text = |message: &str| {
                message
                    .lines()
                    .take(3)
                    .map(|line| line.trim().to_owned())
                    .collect::<Vec<_>>()
            };
            assert_eq!(text(&message)[1..], text(snapshot)[1..]);
            assert_eq!(
                text(&message)[0].strip_prefix("warning"),
                text(snapshot)[0].strip_prefix("error")
            );
            continue;
        }
        fs::write(folder.join(format!("{code}.rs")), program).unwrap();
        fs::write(
            folder.join(format!("{code}.stderr")),
            message.replace("src/main.rs", &path),
        )
        .unwrap();
        programs.compile_fail(path);
    }
}

#[test]
fn every_code_has_a_page() {
    let source = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("ui")).unwrap();
    let mut codes: Vec<_> = source
        .map(|entry| {
            entry
                .unwrap()
                .file_name()
                .into_string()
                .unwrap()
                .to_uppercase()
        })
        .filter(|name| name.starts_with("PF"))
        .collect();
    codes.sort();
    let pages: Vec<_> = pages().into_iter().map(|page| page.code).collect();
    assert_eq!(pages, codes);
}
