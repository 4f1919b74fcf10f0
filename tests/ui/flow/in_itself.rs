#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Agent {
        decide - "search" >> Agent;
        decide - "answer" >> guess;
    }
}

async fn run(research: &mut Research) {
    Agent.run(research).await.unwrap();
}

fn main() {}
