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
        list >> Tick.on(facts) >> combine;
    }
}

flow! {
    pub Last: Library {
        list >> Tick.on(facts);
    }
}

flow! {
    pub Mended: Library {
        list >> Tick.on(facts) - error >> combine;
    }
}

flow! {
    pub Chosen: Library {
        list >> Tick.on(facts) - "done" >> combine;
    }
}

fn main() {}
