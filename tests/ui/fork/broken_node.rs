#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

#[node(Article, wirtes = final_article)]
fn note(topic: &str) -> String {
    topic.into()
}

flow! {
    pub Write {
        outline >> (note, draft) >> combine;
    }
}

async fn run(article: &mut Article) {
    Write.run(article).await.unwrap();
}

fn main() {}
