#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    #[endless]
    pub Heartbeat {
        outline >> draft >> outline;
    }
}

flow! {
    pub Write {
        Heartbeat >> outline;
    }
}

fn main() {}
