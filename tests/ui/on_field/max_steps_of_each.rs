#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

flow! {
    pub Digest: Library {
        list >> Read.each(documents) >> combine;
    }
}

const MOST: u64 = Digest::MAX_STEPS;

fn main() {}
