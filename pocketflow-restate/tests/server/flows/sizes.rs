//! Large stores.

use pocketflow::{Action, Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::work;

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Archive {
    text: String,
    until: u32,
    count: u32,
    /// So many bytes are added.
    add: usize,
    added: Option<String>,
    length: Option<usize>,
}

#[derive(Action, Serialize, Deserialize)]
enum Next {
    Again,
    Done,
}

struct Count;

#[node(Archive)]
impl Count {
    async fn exec(&self, #[attempt] attempt: Attempt<'_>) {
        work("count", attempt).await;
    }

    fn post(&self, count: &mut u32, until: &u32) -> Next {
        *count += 1;
        if *count < *until {
            Next::Again
        } else {
            Next::Done
        }
    }
}

#[node(Archive, writes = added)]
async fn add(add: &usize, #[attempt] attempt: Attempt<'_>) -> String {
    work("add", attempt).await;
    "y".repeat(*add)
}

#[node(Archive, writes = length)]
async fn measure(text: &str, added: &str, #[attempt] attempt: Attempt<'_>) -> usize {
    work("measure", attempt).await;
    text.len() + added.len()
}

flow! {
    pub(crate) Grow: Archive {
        Count - "again" >> Count;
        Count - "done" >> add >> measure;
    }
}
