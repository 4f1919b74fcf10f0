//! `pocketflow test`: a recorded run as a test.

use std::error::Error;
use std::path::PathBuf;

use clap::Args;
use pocketflow_record::{GeneratedTest, ReplayErrorKind, generate_test};
use serde_json::json;

use crate::output;
use crate::record::{self, Checked, Readers};

/// Makes a test of a recorded run: a file of Rust, and the record of this run beside it
#[derive(Args)]
#[command(after_help = "\
The test needs `pocketflow-record`, and tokio with the features `macros` and `rt`, in the dev-dependencies. It
runs the flow again with the values that the nodes have returned, and compares each step.

Example: pocketflow test run.jsonl --run=order-17")]
pub(crate) struct Arguments {
    #[command(flatten)]
    record: record::Input,
    /// The id of the run, if the record has several. A run without an id has its number in the record
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// The folder for the two files
    #[arg(long, value_name = "FOLDER", default_value = "tests")]
    out: PathBuf,
    /// The name of the test's function and of the two files. The default is the name of the flow with the
    /// id of the run or, for a run without an id, with the name of the record's file
    #[arg(long, value_name = "NAME", value_parser = function_name)]
    name: Option<String>,
}

/// What the command prints.
pub(crate) fn printed(arguments: &Arguments, json: bool) -> Result<String, Box<dyn Error>> {
    let Arguments {
        record,
        run,
        out,
        name,
    } = arguments;
    let text = record.read()?;
    // The lines that count are UTF-8, or else this is an error with the number of the line.
    let checked = record.check(&text)?;
    let text = String::from_utf8_lossy(&text);
    let test = generate_test(&text, run.as_deref()).map_err(|error| match error.kind() {
        ReplayErrorKind::SeveralRuns { runs } => record.error(several(runs)),
        _ => record.error(error),
    })?;
    let mut test = match record.file() {
        Some(file) => test.in_file(file),
        None => test,
    };
    if let Some(name) = name {
        test.name.clone_from(name);
    }
    let fixture = format!("{}.jsonl", test.name);
    let file = out.join(format!("{}.rs", test.name));
    let code = format!(
        "//! A recorded run as a test. Add a `use` for the flow, and for what else it names.\n\n{}",
        test.code(&fixture)
    );
    let fixture = out.join(fixture);
    std::fs::create_dir_all(out)
        .map_err(|error| format!("cannot create the folder {}: {error}", out.display()))?;
    record::create(&fixture, &test.fixture, Readers::Owner, "--name")?;
    if let Err(error) = record::create(&file, &code, Readers::Everybody, "--name") {
        // Both files or neither.
        let _ = std::fs::remove_file(&fixture);
        return Err(error);
    }
    for warning in warnings(&checked, &test) {
        eprintln!(
            "warning: {}",
            output::plain(&record.error(warning).to_string())
        );
    }
    Ok(if json {
        output::line(&json!({ "name": test.name, "test": file, "record": fixture }))
    } else {
        let (file, fixture) = (file.display(), fixture.display());
        let wrote = format!("wrote {file} and {fixture}");
        let next = "Add a `use` for the flow to the test";
        output::plain(&wrote)
            + "\n"
            + &output::plain(&format!("{next}, and run `cargo test {}`", test.name))
            + "\n"
    })
}

/// What the test does not see, because the record does not have it.
fn warnings(checked: &Checked, test: &GeneratedTest) -> Vec<String> {
    let mut warnings = Vec::new();
    if checked.is_cut_off {
        warnings.push("the last line is cut off, so it is left out".to_owned());
    }
    if checked.unknown > 0 {
        let lines = match checked.unknown {
            1 => "a line is an event of a kind".to_owned(),
            unknown => format!("{unknown} lines are events of kinds"),
        };
        warnings.push(format!(
            "{lines} that this version does not know, and the test ignores that"
        ));
    }
    warnings.extend(test.why_unfinished());
    warnings
}

/// A name for a function, which is also that of its file.
fn function_name(text: &str) -> Result<String, String> {
    const KEYWORDS: &str = " abstract as async await become box break const continue crate do dyn else \
        enum extern false final fn for gen if impl in let loop macro match mod move mut override priv \
        pub ref return self static struct super trait true try type typeof unsafe unsized use virtual \
        where while yield ";
    let is_keyword = KEYWORDS.split_whitespace().any(|word| word == text);
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
    match begins && text.chars().all(letter) && !is_keyword {
        true => Ok(text.to_owned()),
        false => Err(
            "write the name of a function, with lower-case letters, digits and `_`: checkout_refused"
                .to_owned(),
        ),
    }
}

/// The error that the record has several runs, in the words of this program.
fn several(runs: &[String]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<_> = runs
        .iter()
        .take(SHOWN)
        .map(|run| format!("`{run}`"))
        .collect();
    let more = if runs.len() > SHOWN { ", …" } else { "" };
    let (count, shown) = (runs.len(), shown.join(", "));
    format!("the record has {count} runs: choose one with `--run=ID`: {shown}{more}")
}
