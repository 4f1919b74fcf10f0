//! A waiting flow takes little more space than the same code written by hand.

use std::future::{Future, pending};

use pocketflow::{Shared, flow, node};

#[derive(Shared, Default)]
struct Article {
    topic: String,
    text: Option<String>,
}

#[node(Article, writes = text, attempts = 3, wait = "1s")]
async fn draft(topic: &str) -> Result<String, std::io::Error> {
    Ok(topic.to_uppercase())
}

#[node(Article, attempts = 3, wait = "1s")]
async fn review(text: &str) -> Result<(), std::io::Error> {
    pending::<()>().await;
    if text.is_empty() {
        Err(std::io::Error::other("there is no text"))
    } else {
        Ok(())
    }
}

flow! { Write { draft >> review; } }

/// The same functions in a loop, each with its step.
async fn by_hand(article: &mut Article) -> Result<(), std::io::Error> {
    async fn draft_step(article: &mut Article) -> Result<(), std::io::Error> {
        article.text = Some(draft(&article.topic).await?);
        Ok(())
    }
    async fn review_step(article: &mut Article) -> Result<(), std::io::Error> {
        review(article.text.as_deref().expect("it is drafted")).await
    }
    enum State {
        Draft,
        Review,
    }
    let mut state = State::Draft;
    loop {
        state = match state {
            State::Draft => {
                draft_step(article).await?;
                State::Review
            }
            State::Review => return review_step(article).await,
        };
    }
}

fn size(future: &impl Future) -> usize {
    size_of_val(future)
}

#[test]
fn a_waiting_flow_is_about_as_large_as_by_hand() {
    let mut article = Article::default();
    let by_hand = size(&by_hand(&mut article));
    let ours = size(&Write.run(&mut article));
    // With three attempts and a sleep between them, which the handwritten code does not have.
    // Neither size includes the store.
    assert!(ours <= by_hand + 24, "{ours} bytes against {by_hand}");
}

#[node(Article, writes = text)]
async fn once(topic: &str) -> Result<String, std::io::Error> {
    Ok(topic.to_owned())
}

#[node(Article, writes = text, attempts = 2)]
async fn twice(topic: &str) -> Result<String, std::io::Error> {
    Ok(topic.to_owned())
}

flow! { Once { once; } }
flow! { Twice { twice; } }

/// The step of a node without attempts and fallback has no state in which it waits for a recovery.
/// That state would cost time in each step, even though it is never reached.
#[test]
fn a_node_that_does_not_recover_needs_no_space_for_it() {
    let mut article = Article::default();
    let once = size(&Once.run(&mut article));
    let twice = size(&Twice.run(&mut article));
    assert!(once < twice, "{once} bytes, and {twice} with two attempts");
}
