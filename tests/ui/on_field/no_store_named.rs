#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

flow! {
    pub Digest {
        list >> Investigate.on(facts) >> Read.each(documents) >> combine;
    }
}

fn main() {}
