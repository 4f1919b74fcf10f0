#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

flow! {
    pub Digest: Library {
        list >> Investigate.each(facts) >> combine;
    }
}

fn main() {}
