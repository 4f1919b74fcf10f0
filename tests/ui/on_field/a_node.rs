#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

flow! {
    pub Digest: Library {
        list >> conclude.on(facts) >> read.each(documents) >> combine;
    }
}

fn main() {}
