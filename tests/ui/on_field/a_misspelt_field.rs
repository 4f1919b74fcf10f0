#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

flow! {
    pub Digest: Library {
        list >> Investigate.on(fact) >> combine;
    }
}

fn main() {}
