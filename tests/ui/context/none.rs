use pocketflow::{Shared, flow, node};

#[derive(Shared, Default)]
struct Article {
    topic: String,
}

#[node(Article)]
fn outline(topic: &str, #[context] model: &str) {
    println!("{topic} {model}");
}

flow! { pub Write { outline; } }

async fn run(article: &mut Article) {
    Write.run(article).await.unwrap();
}

fn main() {}
