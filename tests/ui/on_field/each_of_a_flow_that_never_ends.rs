#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::{flow, node};

#[node(Document)]
fn wait(path: &str) -> std::io::Result<()> {
    std::fs::read(path).map(drop)
}

flow! {
    #[endless]
    Tick: Document {
        wait >> wait;
    }
}

flow! {
    pub Digest: Library {
        list >> Tick.each(documents) >> combine;
    }
}

flow! {
    pub Last: Library {
        list >> Tick.each(documents, parallel = 2);
    }
}

flow! {
    pub Mended: Library {
        list >> Tick.each(documents) - error >> combine;
    }
}

flow! {
    pub Forked: Library {
        list >> (Tick.each(documents), Investigate.on(facts)) >> combine;
    }
}

fn main() {}
