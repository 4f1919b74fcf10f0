#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Article, attempts = 3)]
async fn first(topic: &str) {
    println!("{topic}");
}

fn always(_: &std::io::Error) -> bool {
    true
}

#[node(Article, writes = final_article, retry_if = always)]
fn second(topic: &str) -> String {
    topic.into()
}

struct Third;

#[node(Article)]
impl Third {
    async fn exec(&self, topic: &str) {
        println!("{topic}");
    }

    async fn fallback(&self, error: pocketflow::Error) {
        println!("{error}");
    }
}

fn main() {}
