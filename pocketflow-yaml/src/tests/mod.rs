//! Replies as models write them, read as types.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Error, extract};

mod anything;
mod costs;
mod errors;
mod fences;
mod forgiven;
mod kinds;
mod models;
mod replies;

#[derive(Deserialize, Debug, PartialEq)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Decision {
    Search { search_query: String },
    Answer,
}

fn search(query: &str) -> Decision {
    Decision::Search {
        search_query: query.into(),
    }
}

#[derive(Deserialize, Debug, PartialEq, Default)]
struct Review {
    verdict: String,
    #[serde(default)]
    score: u32,
    #[serde(default)]
    ok: bool,
    #[serde(default)]
    notes: Vec<String>,
    reason: Option<String>,
}

fn review(verdict: &str) -> Review {
    Review {
        verdict: verdict.into(),
        ..Review::default()
    }
}

#[derive(Deserialize, Debug, PartialEq)]
struct Value<T> {
    v: T,
}

fn value<T: serde::de::DeserializeOwned>(yaml: &str) -> Result<T, Error> {
    extract::<Value<T>>(&format!("```yaml\nv: {yaml}\n```")).map(|value| value.v)
}

fn text(error: Result<impl Sized, Error>) -> String {
    error.err().expect("this should not read").to_string()
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Step {
    Ship {
        zip: String,
        count: u32,
        express: Option<bool>,
        note: Option<String>,
    },
    Wait(Pause),
}

#[derive(Deserialize, Debug, PartialEq)]
struct Pause {
    hours: f64,
    until: String,
    #[serde(flatten)]
    more: BTreeMap<String, String>,
}
