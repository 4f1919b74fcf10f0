#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

flow! {
    pub Digest: Library {
        list >> Read.on(documents) >> combine;
    }
}

fn main() {}
