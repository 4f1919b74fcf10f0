#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

flow! {
    pub Digest: Library {
        list >> again: Investigate.on(facts) >> combine;
    }
}

flow! {
    pub Last: Library {
        list >> again: combine;
    }
}

fn main() {}
