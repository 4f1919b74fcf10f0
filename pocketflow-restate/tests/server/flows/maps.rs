//! A store whose text is another one in each process.

use std::collections::{BTreeMap, HashMap, HashSet};

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

/// It has members that only its request knows, and a number that JSON cannot hold.
#[derive(Shared, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Card {
    title: String,
    pub(crate) weight: Option<f64>,
    #[serde(flatten)]
    pub(crate) more: BTreeMap<String, serde_json::Value>,
}

#[node(Card, writes = weight)]
async fn weigh(title: &str, #[attempt] attempt: Attempt<'_>) -> f64 {
    work("weigh", attempt).await;
    f64::INFINITY * title.len() as f64
}

flow! { pub(crate) Weigh: Card { weigh; } }
