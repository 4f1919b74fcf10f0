#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

flow! {
    pub Digest: Library {
        list >> Read.each(documents, parallel = 2) - error >> combine;
        Read.each(documents, parallel = 4) >> combine;
    }
}

fn main() {}
