#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

fn digest() {
    let _digest = flow! { list >> Investigate.on(facts) >> combine; };
}

fn main() {}
