//! `pocketflow report`: a record as a page.

use std::error::Error;
use std::path::PathBuf;

use clap::Args;
use pocketflow_record::Report;
use serde_json::json;

use crate::output;
use crate::record::{self, Readers};

/// Makes a page of a record, which a browser shows without a network
#[derive(Args)]
#[command(after_help = "\
Example: pocketflow report run.jsonl > run.html")]
pub(crate) struct Arguments {
    #[command(flatten)]
    record: record::Input,
    /// Write the page to a new file, and not to the standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What the command prints.
pub(crate) fn printed(arguments: &Arguments, json: bool) -> Result<String, Box<dyn Error>> {
    let Arguments { record, out } = arguments;
    let text = record.read()?;
    let mut report = Report::new();
    if let Some(file) = record.file() {
        report = report.file(file.to_string_lossy());
    }
    let page = report.page(&text).map_err(|error| record.error(error))?;
    let Some(out) = out else {
        return Ok(if json {
            let cut_off = record.is_cut_off(&text)?;
            output::line(&json!({ "page": page, "cut_off": cut_off }))
        } else {
            page
        });
    };
    record::create(out, &page, Readers::Owner, "--out")?;
    Ok(if json {
        let cut_off = record.is_cut_off(&text)?;
        output::line(&json!({ "file": out, "cut_off": cut_off }))
    } else {
        output::plain(&format!("wrote {}", out.display())) + "\n"
    })
}
