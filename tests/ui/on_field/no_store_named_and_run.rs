#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::{StepLimit, flow};

flow! {
    pub Digest(digest) {
        list >> Investigate.on(facts) >> combine;
    }
}

async fn run(library: &mut Library) {
    let _ = Digest.run(library).await;
    let _ = Digest.with(StepLimit::new(5)).run(library).await;
}

fn main() {}
