#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

struct Shorten;

#[node(Article)]
impl Shorten {
    fn exec(&self) {}

    fn post(&self, topic: &mut String) {
        topic.truncate(10);
    }
}

struct Everything;

#[node(Article)]
impl Everything {
    fn exec(&self) {}

    fn post(&self, shared: &mut Article) {
        shared.final_article = None;
    }
}

#[node(Article)]
fn publish(final_article: Option<&str>) {
    println!("{final_article:?}");
}

flow! {
    pub Write {
        (Shorten, outline);
    }
}

flow! {
    pub Publish {
        (Everything, publish);
    }
}

fn main() {}
