#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

flow! {
    pub Digest: Library {
        Investigate.on(facts) >> Read.each(documents) >> Investigate.on(facts) >> combine;
    }
}

fn main() {}
