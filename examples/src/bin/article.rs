//! A workflow: outlines an article, drafts its sections concurrently, and combines them.
//!
//! ```text
//! cargo run --bin article -- "Why it rains"
//! ```

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use pocketflow::{Attempt, Shared, flow, node};
use pocketflow_examples::cli;
use pocketflow_examples::llm::{Llm, Message, Model};
use pocketflow_examples::progress::Progress;
use schemars::JsonSchema;
use serde::Deserialize;

/// What the flow works with.
struct Services {
    llm: Box<dyn Llm>,
}

#[derive(Shared, Default)]
#[shared(context = Services)]
struct Article {
    topic: String,
    section_titles: Option<Vec<String>>,
    section_drafts: Option<Vec<String>>,
    final_article: Option<String>,
}

/// What the model is asked for. The bounds are part of the schema that the server receives.
#[derive(Deserialize, JsonSchema)]
struct Outline {
    #[schemars(length(min = 3, max = 5), inner(length(min = 1, max = 60)))]
    titles: Vec<String>,
}

#[node(Article, writes = section_titles, attempts = 3, wait = "1s", backoff = 2.0)]
async fn outline(
    topic: &str,
    #[attempt] attempt: Attempt<'_>,
    #[context] llm: &dyn Llm,
) -> Result<Vec<String>> {
    let mut prompt = format!(
        "Outline an article: {topic}. Reply with YAML: under `titles`, a list of three to five titles of sections."
    );
    if let Some(error) = attempt.last_error() {
        prompt += &format!("\nYour last reply was rejected: {error}");
    }
    let Outline { titles } = llm.call_for(&[Message::user(prompt)]).await?;
    anyhow::ensure!(
        titles.len() >= 2,
        "an outline has at least two sections, and this one has {}",
        titles.len()
    );
    Ok(titles)
}

/// Runs once for each title, four at a time. Each section has its own attempts and timeout.
#[node(Article, writes = section_drafts, parallel = 4, attempts = 3, wait = "1s", timeout = "5m")]
async fn draft(
    #[each(section_titles)] title: &str,
    topic: &str,
    #[context] llm: &dyn Llm,
) -> Result<String> {
    let prompt = format!(
        "Write the section \"{title}\" of an article about {topic}: one paragraph, no heading."
    );
    llm.call(&[Message::user(prompt)]).await
}

#[node(Article, writes = final_article)]
fn combine(topic: &str, section_titles: &[String], section_drafts: &[String]) -> String {
    let sections = section_titles.iter().zip(section_drafts);
    let sections =
        sections.map(|(title, draft)| format!("\n## {}\n\n{}\n", title.trim(), draft.trim()));
    format!("# {topic}\n{}", sections.collect::<String>())
}

flow! {
    /// Writes an article.
    pub Write: Article {
        outline >> draft >> combine;
    }
}

/// Writes an article about a topic, as Markdown.
#[derive(Parser)]
struct Args {
    /// The topic
    topic: String,
    /// The file for the article [default: prints the article]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> cli::Result<()> {
    let args: Args = cli::arguments(Write::GRAPH);
    let services = Services {
        llm: Box::new(Model::from_environment()?),
    };

    let mut article = Article {
        topic: args.topic,
        ..Default::default()
    };
    Write
        .context(&services)
        .with(Progress::new())
        .run(&mut article)
        .await?;
    let text = article.final_article.unwrap_or_default();
    match args.out {
        Some(file) => std::fs::write(&file, text).with_context(|| file.display().to_string())?,
        None => print!("{text}"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use anyhow::bail;
    use pocketflow_examples::fake::Fake;

    use super::*;

    /// Writes an article about rain with this model.
    async fn write(llm: &Fake) -> Result<String, pocketflow::Error> {
        let services = Services {
            llm: Box::new(llm.clone()),
        };
        let mut article = Article {
            topic: "Rain".into(),
            ..Default::default()
        };
        Write.context(&services).run(&mut article).await?;
        Ok(article.final_article.unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_section_that_fails_ends_the_article() {
        let llm = Fake::new(|call, _| match call.wants {
            Some(_) => Ok("titles: [Clouds, Drops]"),
            None if call.asks("Drops") => bail!("overloaded"),
            None => Ok("Text."),
        });
        let error = write(&llm).await.unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "Write > draft[1]: exec failed at attempt 3 of 3: overloaded"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_outline_of_one_section_is_sent_back() {
        let llm = Fake::new(|call, before| {
            Ok(match (&call.wants, before) {
                (Some(_), 0) => "titles: [All]",
                (Some(_), _) => "titles: [One, Two]",
                _ => "Text.",
            })
        });
        let text = write(&llm).await.unwrap();
        assert_eq!(text, "# Rain\n\n## One\n\nText.\n\n## Two\n\nText.\n");
        let rejected = "rejected: an outline has at least two sections, and this one has 1";
        assert!(llm.calls()[1].asks(rejected), "{:?}", llm.calls());
    }
}
