#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{Shared, Watch, flow};

flow! {
    pub Checkout {
        review - "approved" >> pay >> ship;
        review - "rejected" >> refuse;
    }
}

#[derive(Shared, Default)]
struct Article {
    topic: String,
}

async fn run(order: &mut Order) {
    let article = Article::default();
    let watch = Watch::new(&article, |article| article.topic.clone());
    Checkout.with(watch).run(order).await.unwrap();
}

fn main() {}
