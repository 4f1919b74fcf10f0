#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

flow! {
    pub A: Library {
        list >> Investigate.on(facts.inner);
    }
}

flow! {
    pub B: Library {
        list >> Read.each(documents; parallel = 3);
    }
}

fn main() {}
