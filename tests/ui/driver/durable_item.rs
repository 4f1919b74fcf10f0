use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Sqlite};
use serde::{Deserialize, Serialize};

#[derive(Shared, Default, Serialize, Deserialize)]
pub struct Article {
    titles: Vec<String>,
    drafts: Option<Vec<String>>,
}

pub struct Title(String);

pub struct Write;

#[node(Article, writes(drafts), parallel = 4)]
impl Write {
    fn prep(&self, titles: &[String]) -> Vec<Title> {
        titles.iter().cloned().map(Title).collect()
    }
    async fn exec(&self, #[each(prep)] title: &Title) -> String {
        title.0.clone()
    }
    fn post(&self, drafts: &mut Option<Vec<String>>, exec: Vec<String>) {
        *drafts = Some(exec);
    }
}

flow! { pub Flat { Write; } }

async fn run(runs: &Checkpoints<Sqlite>, article: &mut Article) {
    Flat.with(runs.run("1")).run(article).await.unwrap();
}

fn main() {}
