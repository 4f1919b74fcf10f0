//! A store whose text is another one in each process.

use std::collections::{HashMap, HashSet};

use pocketflow::{Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::work;

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Book {
    names: HashMap<u32, String>,
    tags: HashSet<String>,
    count: usize,
}

#[node(Book, writes = count)]
async fn count(
    names: &HashMap<u32, String>,
    tags: &HashSet<String>,
    #[attempt] attempt: Attempt<'_>,
) -> usize {
    work("count", attempt).await;
    names.len() + tags.len()
}

flow! { pub(crate) Index: Book { count; } }
