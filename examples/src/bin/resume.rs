//! Structured output: reads a résumé, however messy, and prints validated YAML.
//!
//! ```text
//! cargo run --bin resume -- examples/resumes/ada.txt
//! ```
//!
//! A wrong reply is retried, and the model learns what was wrong. If the last attempt fails, the
//! program prints what it can read without a model, and the exit status is 1.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use pocketflow::{Attempt, Reads, Shared, flow, node};
use pocketflow_examples::resume::Resume;
use pocketflow_examples::{cli, llm};

#[derive(Shared, Default)]
struct Reading {
    file: PathBuf,
    text: Option<String>,
    resume: Option<Resume>,
    /// Whether the result was read without the model.
    guessed: Option<bool>,
}

#[node(Reading, writes = text)]
fn open(file: &std::path::Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}

#[node(Reading, writes(resume, guessed), attempts = 3, wait = "1s", fallback = guess)]
async fn extract(text: &str, #[attempt] attempt: Attempt<'_>) -> Result<(Resume, bool)> {
    Ok((Resume::read(text, attempt).await?, false))
}

fn guess(reads: &Reads<'_, extract>, error: pocketflow::Error) -> Result<(Resume, bool)> {
    eprintln!("error: {error:#}");
    Ok((Resume::guess(reads.text), true))
}

flow! {
    /// Reads a résumé.
    pub ReadResume: Reading {
        open >> extract;
    }
}

/// Reads a résumé and prints it as YAML: name, email, experience.
#[derive(Parser)]
struct Args {
    /// The résumé, as a text file
    file: PathBuf,
}

#[tokio::main]
async fn main() -> cli::Result<ExitCode> {
    let args: Args = cli::arguments(ReadResume::GRAPH);
    llm::configured()?;

    let mut reading = Reading {
        file: args.file,
        ..Default::default()
    };
    ReadResume.run(&mut reading).await?;
    print!("{}", serde_yaml::to_string(&reading.resume)?);
    if reading.guessed == Some(true) {
        eprintln!("note: this was read without the model and has not been checked");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
