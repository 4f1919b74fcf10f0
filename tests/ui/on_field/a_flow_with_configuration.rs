#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::{flow, node};

struct Ask {
    question: String,
}

#[node(Desk, writes = finding)]
impl Ask {
    fn exec(&self) -> String {
        self.question.clone()
    }
}

flow! {
    pub Interview: Desk {
        ask: Ask;
        ask;
    }
}

flow! {
    pub Digest: Library {
        list >> Interview.on(facts) >> combine;
    }
}

fn main() {}
