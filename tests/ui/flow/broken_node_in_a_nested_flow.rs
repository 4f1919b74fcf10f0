#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

#[node(Article, wirtes = section_titles)]
fn note(topic: &str) -> Vec<String> {
    vec![topic.into()]
}

flow! {
    pub Prepare {
        note;
    }
}

flow! {
    pub Write {
        Prepare >> draft >> combine;
    }
}

async fn run(article: &mut Article) {
    Write.run(article).await.unwrap();
}

fn main() {}
