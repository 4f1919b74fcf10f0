//! Turns a repository of Rust code into a tutorial, with chapters about its main modules in the
//! order in which they build on one another.
//!
//! ```text
//! cargo run --bin tutorial -- .
//! cargo run --bin tutorial -- https://github.com/dtolnay/anyhow --chapters 5
//! ```
//!
//! Everything that can be read from the code is read from it: the modules, their uses of each
//! other, the order and the signatures. The model adds titles, labels and explanations. It cannot
//! break the tutorial, because its replies are checked, and where it fails, the tutorial uses the
//! code's own documentation.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use pocketflow::{Action, Attempt, Error, Reads, Shared, flow, node};
use pocketflow_examples::llm::{Message, call_llm};
use pocketflow_examples::progress::Progress;
use pocketflow_examples::{cli, llm};
use pocketflow_tutorial::markdown::{self, Arrow, Chapter, Page};
use pocketflow_tutorial::modules::{self, Code};
use pocketflow_tutorial::order::order;
use pocketflow_tutorial::prompts::{self, ask};
use pocketflow_tutorial::replies::{self, Choice, Label, Naming};
use pocketflow_tutorial::source::{self, Checkout};
use pocketflow_tutorial::topics::{Topic, Topics};

/// The shared store. The nodes fill the `Option` fields.
#[derive(Shared, Default)]
struct Book {
    source: String,
    wanted: usize,
    out: PathBuf,
    url: Option<String>,
    /// Kept to the end: the clone is removed together with the store.
    checkout: Option<Checkout>,
    folder: Option<PathBuf>,
    code: Option<Code>,
    topics: Option<Topics>,
    /// The topics that get a chapter.
    chosen: Option<Vec<usize>>,
    /// The same topics in the order of the chapters.
    contents: Option<Vec<Topic>>,
    arrows: Option<Vec<Arrow>>,
    namings: Option<Vec<Naming>>,
    labels: Option<Vec<String>>,
    chapters: Option<Vec<Chapter>>,
    pages: Option<Vec<Page>>,
}

/// The location of the code.
#[derive(Action)]
#[action(Book)]
enum Source {
    Repository { url: String },
    Folder { folder: PathBuf },
}

#[node(Book)]
fn fetch(source: &str) -> Source {
    if source::is_url(source) && !Path::new(source).exists() {
        Source::Repository { url: source.into() }
    } else {
        Source::Folder {
            folder: source.into(),
        }
    }
}

#[node(Book, writes(checkout, folder), timeout = "10m")]
async fn clone(url: &str) -> Result<(Checkout, PathBuf)> {
    let checkout = source::clone(url).await?;
    let folder = checkout.folder().to_owned();
    Ok((checkout, folder))
}

#[node(Book, writes = code)]
fn read(folder: &Path) -> Result<Code> {
    modules::read(folder)
}

#[node(Book, writes = topics)]
fn find(code: &Code) -> Topics {
    Topics::of(code)
}

/// The model may choose among the topics but not add one.
#[node(Book, writes = chosen, attempts = 3, wait = "500ms", fallback = the_best)]
async fn choose(
    topics: &Topics,
    wanted: &usize,
    #[attempt] attempt: Attempt<'_>,
) -> Result<Vec<usize>> {
    if topics.list.len() <= *wanted {
        return Ok(replies::fill(Vec::new(), topics, *wanted));
    }
    ask::<Choice>(prompts::choose(topics, *wanted), attempt)
        .await?
        .check(topics, *wanted)
}

fn the_best(reads: &Reads<'_, choose>, _: Error) -> Result<Vec<usize>> {
    Ok(replies::fill(Vec::new(), reads.topics, *reads.wanted))
}

#[node(Book, writes(contents, arrows))]
fn arrange(topics: &Topics, chosen: &[usize]) -> (Vec<Topic>, Vec<Arrow>) {
    let order = order(chosen, &topics.uses);
    let arrows = markdown::arrows(&order, topics);
    (
        order
            .into_iter()
            .map(|topic| topics.list[topic].clone())
            .collect(),
        arrows,
    )
}

#[node(Book, writes = namings, parallel = 4, attempts = 3, wait = "500ms", fallback = own_name)]
async fn name(#[each(contents)] topic: &Topic, #[attempt] attempt: Attempt<'_>) -> Result<Naming> {
    ask::<Naming>(prompts::name(topic), attempt)
        .await?
        .check(topic)
}

fn own_name(_: &Reads<'_, name>, topic: &Topic, _: Error) -> Result<Naming> {
    Ok(Naming::from_code(topic))
}

#[node(Book, writes = labels, parallel = 4, attempts = 2, wait = "500ms", fallback = uses)]
async fn label(
    #[each(arrows)] arrow: &Arrow,
    contents: &[Topic],
    #[attempt] attempt: Attempt<'_>,
) -> Result<String> {
    let prompt = prompts::label(&contents[arrow.user], &contents[arrow.used], &arrow.how);
    ask::<Label>(prompt, attempt).await?.check()
}

fn uses(_: &Reads<'_, label>, _: &Arrow, _: Error) -> Result<String> {
    Ok("uses".into())
}

/// Writes the chapters, several at a time. If one fails, its page says so, and the others are not
/// affected.
struct Write {
    jobs: NonZeroUsize,
}

#[node(Book, writes = chapters, parallel = self.jobs, attempts = 3, wait = "1s", backoff = 2.0)]
impl Write {
    fn prep(
        &self,
        contents: &[Topic],
        namings: &[Naming],
        arrows: &[Arrow],
    ) -> Vec<(Chapter, String)> {
        let chapters = contents.iter().zip(namings).enumerate();
        let blank = |(number, (topic, naming)): (usize, (&Topic, &Naming))| {
            let prompt = prompts::chapter(
                topic,
                naming,
                &prompts::neighbours(number, contents, arrows),
            );
            (
                Chapter {
                    topic: topic.clone(),
                    naming: naming.clone(),
                    text: Err(String::new()),
                },
                prompt,
            )
        };
        chapters.map(blank).collect()
    }

    async fn exec(
        &self,
        #[each(prep)] draft: &(Chapter, String),
        #[attempt] attempt: Attempt<'_>,
    ) -> Result<Chapter> {
        let (blank, prompt) = draft;
        let text = call_llm(&[Message::user(prompts::again(prompt.clone(), attempt))]).await?;
        let text = replies::check_chapter(&text, &blank.topic, prompt)?;
        Ok(Chapter {
            text: Ok(text),
            ..blank.clone()
        })
    }

    async fn fallback(&self, draft: &(Chapter, String), error: Error) -> Chapter {
        Chapter {
            text: Err(format!("{error:#}")),
            ..draft.0.clone()
        }
    }
}

#[node(Book, writes = pages)]
fn combine(
    source: &str,
    code: &Code,
    topics: &Topics,
    chapters: &[Chapter],
    arrows: &[Arrow],
    labels: &[String],
) -> Vec<Page> {
    let project = source::project(source);
    markdown::Tutorial {
        project: &project,
        code,
        topics,
        chapters,
        arrows,
        labels,
    }
    .pages()
}

#[node(Book)]
fn save(out: &Path, pages: &[Page]) -> Result<()> {
    markdown::save(out, pages)
}

flow! {
    /// Decides which topics get chapters, how they depend on each other, and what their titles are.
    pub Plan(code): Book {
        find >> choose >> arrange >> (name, label);
    }
}

flow! {
    /// Turns a repository into a tutorial.
    pub Tutorial: Book {
        fetch - "repository" >> clone >> read;
        fetch - "folder" >> read >> Plan >> write >> combine >> save;
        /// How many chapters are written at a time.
        write: Write;
    }
}

/// Turns a repository of Rust code into a tutorial.
///
/// If the model writes no acceptable text for a chapter, the chapter only has what is read from the
/// code, and says so. The exit status is 1 if that happens to every chapter, or if there is no
/// tutorial.
#[derive(Parser)]
struct Args {
    /// A folder, or the address of a git repository
    #[arg(value_name = "FOLDER|URL")]
    source: String,
    /// The folder for the tutorial, created if needed
    #[arg(long, value_name = "FOLDER", default_value = "target/tutorial")]
    out: PathBuf,
    /// The number of chapters
    #[arg(long, value_name = "N", default_value = "8")]
    chapters: NonZeroUsize,
    /// The number of chapters that are written at the same time
    #[arg(long, value_name = "N", default_value = "4")]
    jobs: NonZeroUsize,
}

/// Writes the tutorial, and returns whether the model has written any part of it.
async fn run(args: Args) -> Result<bool> {
    llm::configured()?;
    let Args {
        source,
        out,
        chapters,
        jobs,
    } = args;
    let mut book = Book {
        source,
        wanted: chapters.get(),
        out,
        ..Book::default()
    };
    let tutorial = Tutorial {
        write: Write { jobs },
    };
    // Dropping a run cancels it. Its clone is removed together with the store.
    tokio::select! {
        run = tutorial.with(Progress::new()).run(&mut book) => run?,
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
    };

    let skipped = book.code.map(|code| code.skipped).unwrap_or_default();
    skipped
        .iter()
        .for_each(|line| eprintln!("warning: skipped {line}"));
    let chapters = book.chapters.context("no chapters")?;
    let unwritten = chapters
        .iter()
        .filter_map(|chapter| Some((chapter, chapter.text.as_ref().err()?)));
    let unwritten = unwritten.collect::<Vec<_>>();
    for (chapter, why) in &unwritten {
        eprintln!(
            "warning: the model wrote no text for the chapter on {}: {why}",
            chapter.topic.name
        );
    }
    let pages = book.out.join("index.md");
    println!(
        "{} chapters, {} with text: {}",
        chapters.len(),
        chapters.len() - unwritten.len(),
        pages.display()
    );
    Ok(unwritten.len() < chapters.len())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(cli::arguments::<Args>(Tutorial::GRAPH)).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
