#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::{Shared, flow, node};

#[derive(Shared)]
pub struct Batch {
    old: Vec<Document>,
    new: Vec<Document>,
    problems: Vec<pocketflow::Failed>,
}

#[node(Batch)]
fn open() {}

#[node(Batch)]
fn close() {}

flow! {
    pub Check: Batch {
        open >> (Read.each(old, failures = problems), Read.each(new, failures = problems)) >> close;
    }
}

fn main() {}
