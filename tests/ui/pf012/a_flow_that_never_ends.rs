#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::{flow, node};

#[node(Desk)]
fn wait(topic: &str) {
    println!("{topic}");
}

flow! {
    #[endless]
    Tick: Desk {
        wait >> wait;
    }
}

flow! {
    pub Digest: Library {
        list >> (Tick.on(facts), Tick.on(figures)) >> combine;
    }
}

flow! {
    pub Last: Library {
        (Investigate.on(facts), Tick.on(figures));
    }
}

fn main() {}
