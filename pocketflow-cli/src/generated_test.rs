//! `pocketflow test`: a recorded run as a test.

use std::error::Error;
use std::path::PathBuf;

use clap::Args;
use pocketflow_record::{ReplayErrorKind, generate_test};
use serde_json::json;

use crate::{output, record};

/// Makes a test of a recorded run: a file of Rust, and the record of this run beside it
#[derive(Args)]
#[command(after_help = "\
The test needs `pocketflow-record`, and tokio with the features `macros` and `rt`, in the dev-dependencies. It
runs the flow again with the values that the nodes have returned, and compares each step.

Example: pocketflow test run.jsonl --run order-17")]
pub(crate) struct Arguments {
    #[command(flatten)]
    record: record::Input,
    /// The id of the run, if the record has several. A run without an id has its number in the record
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// The folder for the two files
    #[arg(long, value_name = "FOLDER", default_value = "tests")]
    out: PathBuf,
}

/// What the command prints.
pub(crate) fn printed(arguments: &Arguments, json: bool) -> Result<String, Box<dyn Error>> {
    let Arguments { record, run, out } = arguments;
    let text = record.read()?;
    // The lines that count are UTF-8, or else this is an error with the number of the line.
    record.is_cut_off(&text)?;
    let text = String::from_utf8_lossy(&text);
    let test = generate_test(&text, run.as_deref()).map_err(|error| match error.kind() {
        ReplayErrorKind::SeveralRuns { runs } => record.error(several(runs)),
        _ => record.error(error),
    })?;
    let fixture = format!("{}.jsonl", test.name);
    let file = out.join(format!("{}.rs", test.name));
    let code = format!(
        "//! A recorded run as a test. Add a `use` for the flow, and for what else it names.\n\n{}",
        test.code(&fixture)
    );
    let fixture = out.join(fixture);
    std::fs::create_dir_all(out)
        .map_err(|error| format!("cannot create the folder {}: {error}", out.display()))?;
    record::create(&fixture, &test.fixture)?;
    if let Err(error) = record::create(&file, &code) {
        // Both files or neither.
        let _ = std::fs::remove_file(&fixture);
        return Err(error);
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
    format!("the record has {count} runs: choose one with `--run`: {shown}{more}")
}
