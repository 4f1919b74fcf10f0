#[path = "../context.rs"]
mod context;
use context::*;
use pocketflow::{Shared, flow, node};

struct Pool {
    connections: u32,
}

#[derive(Shared, Default)]
#[shared(context = Pool)]
struct Order {
    total_cents: u64,
}

#[node(Order)]
fn pay(total_cents: &u64, #[context] connections: &u32) {
    println!("{total_cents} {connections}");
}

flow! { pub Answer { answer >> pay; } }

async fn run(services: &Services, research: &mut Research) {
    Answer.context(services).run(research).await.unwrap();
}

fn main() {}
