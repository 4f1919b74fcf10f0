#[path = "../context.rs"]
mod context;
use context::*;
use pocketflow::flow;

flow! { pub Answer { answer; } }
flow! { pub Named: Research { answer; } }

async fn run(research: &mut Research) {
    Answer.run(research).await.unwrap();
    Named.run(research).await.unwrap();
    flow! { answer }.run(research).await.unwrap();
}

fn main() {}
