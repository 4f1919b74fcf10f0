#[path = "../context.rs"]
mod context;
use context::*;
use pocketflow::flow;

struct Pool;

flow! { pub Answer { answer; } }

async fn run(research: &mut Research) {
    Answer.context(&Pool).run(research).await.unwrap();
}

fn main() {}
