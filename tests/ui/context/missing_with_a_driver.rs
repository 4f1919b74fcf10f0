#[path = "../context.rs"]
mod context;
use context::*;
use pocketflow::{StepLimit, flow};

flow! { pub Answer { answer; } }

async fn run(research: &mut Research) {
    Answer.with(StepLimit::new(9)).run(research).await.unwrap();
}

fn main() {}
