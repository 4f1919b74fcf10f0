use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Sqlite};
use serde::{Deserialize, Serialize};

pub struct Draft(String);

#[derive(Serialize, Deserialize)]
pub struct Client;

#[derive(Shared)]
pub struct Article {
    title: String,
    client: Client,
    draft: Option<Draft>,
}

#[node(Article, writes = draft)]
async fn write(title: &str) -> Draft {
    Draft(title.into())
}

flow! { pub Write { write; } }

async fn run(runs: &Checkpoints<Sqlite>, article: &mut Article) {
    Write.with(runs.run("1")).run(article).await.unwrap();
}

fn main() {}
