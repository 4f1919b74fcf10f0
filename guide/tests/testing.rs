//! Tests of a flow that writes an article.

use anyhow::{Result, ensure};
use pocketflow::{Attempt, Shared, flow, node};
use tokio::time::{Duration, Instant};

#[derive(Shared, Default, Debug, PartialEq)]
struct Article {
    topic: String,
    titles: Option<Vec<String>>,
    text: Option<String>,
}

#[node(Article, writes = titles, attempts = 3, wait = "10s")]
async fn outline(topic: &str, #[attempt] attempt: Attempt<'_>) -> Result<Vec<String>> {
    ensure!(attempt.number() > 1, "the model is busy");
    Ok(vec![format!("What is {topic}?")])
}

#[node(Article, writes = text)]
fn draft(titles: &[String]) -> String {
    titles.join("\n\n")
}

flow! {
    Write: Article {
        outline >> draft;
    }
}

// A node is a function: call it.
#[test]
fn a_draft_has_a_paragraph_per_title() {
    let titles = ["Clouds".to_owned(), "Drops".to_owned()];
    assert_eq!(draft(&titles), "Clouds\n\nDrops");
}

// `Attempt::FIRST` stands for the first attempt.
#[tokio::test]
async fn an_outline_needs_a_model_that_is_not_busy() {
    let error = outline("rain", Attempt::FIRST).await.unwrap_err();
    assert_eq!(error.to_string(), "the model is busy");
}

// A flow is an async function over a store. With `start_paused`, waits take no real time.
#[tokio::test(start_paused = true)]
async fn an_article_is_written_at_the_second_attempt() -> Result<()> {
    let start = Instant::now();
    let mut article = Article {
        topic: "rain".into(),
        ..Default::default()
    };
    Write.run(&mut article).await?;
    assert_eq!(article.text.as_deref(), Some("What is rain?"));
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    Ok(())
}

// A store is plain data, so a test can start anywhere: this flow begins with the titles filled.
flow! {
    DraftOnly(titles): Article {
        draft;
    }
}

#[tokio::test]
async fn a_draft_is_stored() -> Result<()> {
    let mut article = Article {
        titles: Some(vec!["Clouds".into()]),
        ..Default::default()
    };
    DraftOnly.run(&mut article).await?;
    assert_eq!(article.text.as_deref(), Some("Clouds"));
    Ok(())
}
