#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

flow! {
    pub Digest: Library {
        list >> (Investigate.on(facts), Inner) >> combine;
    }
}

flow! {
    pub Inner: Library {
        list;
    }
}

fn main() {}
