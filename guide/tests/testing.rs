//! Tests of a flow that writes an article.

use anyhow::{Result, ensure};
use pocketflow::{Attempt, Shared, Stub, flow, node};
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

// `Attempt::after` stands for the attempt after one that failed.
#[tokio::test]
async fn an_outline_is_ready_at_the_second_attempt() -> Result<()> {
    let titles = outline("rain", Attempt::after(&"the model is busy".into())).await?;
    assert_eq!(titles, ["What is rain?"]);
    Ok(())
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

// A `Stub` replaces what chosen nodes do, so that the test calls no model.
#[tokio::test]
async fn a_text_has_the_titles_of_the_outline() -> Result<()> {
    let stub = Stub::new().node::<outline>(|reads, _attempt| Ok(vec![reads.topic.to_uppercase()]));
    let mut article = Article {
        topic: "rain".into(),
        ..Default::default()
    };
    Write.with(&stub).run(&mut article).await?;
    assert_eq!(article.text.as_deref(), Some("RAIN"));
    assert_eq!(stub.calls::<outline>(), 1);
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
