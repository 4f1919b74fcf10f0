#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

flow! {
    pub Digest: Library {
        list >> (Read.each(documents), Investigate.on(facts), Read.each(documents, parallel = 2)) >> combine;
    }
}

fn main() {}
