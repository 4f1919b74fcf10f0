#[path = "../context.rs"]
mod context;
use context::*;
use pocketflow::{StepLimit, flow};

struct Pool;

flow! { pub Answer { answer; } }

async fn run(research: &mut Research) {
    Answer.context(&Pool).with(StepLimit::new(9)).run(research).await.unwrap();
}

fn main() {}
