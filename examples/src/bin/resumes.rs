//! A batch: reads a folder of résumés, several at a time.
//!
//! ```text
//! cargo run --bin resumes -- --parallel 4 --compare
//! ```

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use pocketflow::{Attempt, Shared, flow, node};
use pocketflow_examples::progress::Progress;
use pocketflow_examples::resume::Resume;
use pocketflow_examples::{cli, llm};

#[derive(Shared, Default)]
struct Pile {
    files: Vec<PathBuf>,
    resumes: Option<Vec<Option<Resume>>>,
}

/// Runs once for each file. The user chooses how many run at the same time, so that number is a
/// field of the node.
struct Read {
    parallel: NonZeroUsize,
}

#[node(Pile, writes = resumes, parallel = self.parallel, attempts = 3, wait = "1s")]
impl Read {
    async fn exec(
        &self,
        #[each(files)] file: &Path,
        #[attempt] attempt: Attempt<'_>,
    ) -> Result<Option<Resume>> {
        let text = std::fs::read_to_string(file)?;
        Ok(Some(Resume::read(&text, attempt).await?))
    }

    /// A résumé that cannot be read does not stop the others.
    fn fallback(&self, file: &Path, error: pocketflow::Error) -> Option<Resume> {
        eprintln!("error: {}: {error:#}", file.display());
        None
    }
}

flow! {
    /// Reads several résumés.
    pub ReadAll: Pile {
        read: Read;
        read;
    }
}

/// Reads every résumé in a folder, and prints the results as YAML. The exit status is 1 if any
/// résumé cannot be read.
#[derive(Parser)]
struct Args {
    /// The folder with the résumés, *.txt [default: examples/resumes]
    folder: Option<PathBuf>,
    /// How many to read at the same time
    #[arg(long, value_name = "N", default_value = "4")]
    parallel: NonZeroUsize,
    /// Also read all of them one after the other, and print both times
    #[arg(long)]
    compare: bool,
}

async fn read_all(
    files: &[PathBuf],
    parallel: NonZeroUsize,
) -> Result<(Vec<Option<Resume>>, Duration)> {
    let (mut pile, start) = (
        Pile {
            files: files.to_vec(),
            ..Default::default()
        },
        Instant::now(),
    );
    ReadAll {
        read: Read { parallel },
    }
    .with(Progress::items(files.len()))
    .run(&mut pile)
    .await?;
    Ok((pile.resumes.unwrap_or_default(), start.elapsed()))
}

#[tokio::main]
async fn main() -> cli::Result<ExitCode> {
    let args: Args = cli::arguments(ReadAll::GRAPH);
    llm::configured()?;
    let folder = args
        .folder
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("resumes"));
    let files = text_files(&folder).with_context(|| folder.display().to_string())?;

    let (resumes, time) = read_all(&files, args.parallel).await?;
    for (file, resume) in files
        .iter()
        .zip(&resumes)
        .filter_map(|(file, resume)| Some((file, resume.as_ref()?)))
    {
        let name = file.file_name().unwrap_or_default().display();
        print!("# {name}\n{}\n", serde_yaml::to_string(resume)?);
    }
    let read = resumes.iter().flatten().count();
    println!(
        "# read {read} of {} in {time:.1?}, {} at a time",
        files.len(),
        args.parallel
    );
    if args.compare {
        eprintln!("once more, one after the other:");
        let (_, alone) = read_all(&files, NonZeroUsize::MIN).await?;
        println!("# one after the other: {alone:.1?}");
    }
    Ok(if read == files.len() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn text_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let files = folder
        .read_dir()?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    let mut files: Vec<_> = files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|it| it == "txt"))
        .collect();
    ensure!(!files.is_empty(), "there are no .txt files here");
    files.sort();
    Ok(files)
}
