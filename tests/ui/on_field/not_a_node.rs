#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

struct Archive;

flow! {
    pub Digest: Library {
        list >> Archive.on(facts) >> combine;
    }
}

fn main() {}
