//! A flow of which tests run the whole: it asks about each draft of a letter until one is approved.

use std::sync::Mutex;
use std::time::Duration;

use pocketflow::{Action, Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

#[derive(Shared, Default, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Letter {
    pub(super) items: Vec<u32>,
    pub(super) drafts: Vec<String>,
    pub(super) doubled: Option<Vec<u32>>,
    pub(super) answer: Option<bool>,
    pub(super) sent: Option<String>,
}

/// The keys of the work that was done. A key includes the run's id, so tests do not affect each
/// other.
static DONE: Mutex<Vec<String>> = Mutex::new(Vec::new());

async fn work(attempt: Attempt<'_>) {
    tokio::task::yield_now().await;
    DONE.lock()
        .unwrap()
        .push(attempt.key().expect("a key").to_string());
}

/// How often each piece of work of a run was done, for the pieces that were done more than once.
pub(super) fn repeated(run: &str) -> Vec<String> {
    let mut keys = DONE.lock().unwrap().clone();
    keys.retain(|key| key.starts_with(&format!("{run}/")));
    keys.sort();
    keys.windows(2)
        .filter(|pair| pair[0] == pair[1])
        .map(|pair| pair[0].clone())
        .collect()
}

#[node(Letter, appends = drafts)]
async fn draft(drafts: &[String], #[attempt] attempt: Attempt<'_>) -> Vec<String> {
    work(attempt).await;
    vec![format!("draft {}", drafts.len() + 1)]
}

#[node(Letter, writes = doubled, parallel = 3)]
async fn double(#[each(items)] item: &u32, #[attempt] attempt: Attempt<'_>) -> u32 {
    work(attempt).await;
    item * 2
}

#[derive(Action, Serialize, Deserialize)]
enum Answer {
    Yes,
    No,
}

#[node(Letter)]
fn look(answer: &bool) -> Answer {
    if *answer { Answer::Yes } else { Answer::No }
}

#[node(Letter, writes = sent)]
async fn send(drafts: &[String], doubled: &[u32], #[attempt] attempt: Attempt<'_>) -> String {
    work(attempt).await;
    format!(
        "{} {doubled:?}",
        drafts.last().map_or("nothing", |draft| draft)
    )
}

flow! {
    /// Asks about each draft until one is approved.
    pub(super) Write {
        double >> draft >> await(answer) >> look;
        look - "no" >> draft;
        look - "yes" >> send;
    }
}

pub(super) fn letter() -> Letter {
    Letter {
        items: (0..6).collect(),
        ..Default::default()
    }
}

/// An id that no other test uses on any engine.
pub(super) fn id(name: &str) -> String {
    format!("{name}-{:08x}", fastrand::u32(..))
}

/// Waits until a condition holds.
pub(super) async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            match look().await {
                Some(found) => return found,
                None => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    });
    found.await.expect("it takes no 20 s")
}
