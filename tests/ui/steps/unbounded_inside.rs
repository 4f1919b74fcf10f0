#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Agent {
        decide - "search" >> search >> again - "search" >> search;
        again - "answer" >> end;
        decide - "answer" >> guess;
        again: decide;
    }
}

flow! {
    pub Supervisor {
        Agent >> guess;
    }
}

const LIMIT: u64 = Supervisor::MAX_STEPS;

fn main() {
    println!("{LIMIT}");
}
