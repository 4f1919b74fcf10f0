use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Sqlite};
use serde::{Deserialize, Serialize};

#[derive(Shared, Default, Serialize, Deserialize)]
pub struct Article {
    titles: Vec<String>,
    count: Option<usize>,
    drafts: Option<Vec<String>>,
}

pub struct Count(usize);

/// Alone in its step, so its exec may return anything.
pub struct CountThem;

#[node(Article, writes(count))]
impl CountThem {
    fn exec(&self, titles: &[String]) -> Count {
        Count(titles.len())
    }
    fn post(&self, count: &mut Option<usize>, exec: Count) {
        *count = Some(exec.0);
    }
}

pub struct Draft(String);

pub struct Write;

#[node(Article, writes(drafts), parallel = 4)]
impl Write {
    async fn exec(&self, #[each(titles)] title: &str) -> Draft {
        Draft(title.into())
    }
    fn post(&self, drafts: &mut Option<Vec<String>>, exec: Vec<Draft>) {
        *drafts = Some(exec.into_iter().map(|draft| draft.0).collect());
    }
}

flow! { pub Counted { CountThem >> end; } }
flow! { pub Flat { CountThem >> Write; } }

async fn run(runs: &Checkpoints<Sqlite>, article: &mut Article) {
    Counted.with(runs.run("1")).run(article).await.unwrap();
    Flat.with(runs.run("2")).run(article).await.unwrap();
}

fn main() {}
