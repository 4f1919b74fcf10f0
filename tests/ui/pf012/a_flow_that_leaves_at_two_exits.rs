#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

flow! {
    pub Digest: Library {
        list >> (Investigate.on(facts), Find.on(figures)) >> combine;
    }
}

fn main() {}
