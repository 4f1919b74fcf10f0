#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

const JOBS: usize = 0;

flow! {
    pub Digest: Library {
        list >> Read.each(documents, parallel = JOBS) >> combine;
    }
}

fn main() {}
