#[path = "../context.rs"]
mod context;
use context::*;
use pocketflow::flow;

flow! { pub Answer { answer; } }

async fn run(services: Services, research: &mut Research) {
    Answer.context(services).run(research).await.unwrap();
}

fn main() {}
