#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::{Failed, Shared, flow};

#[derive(Shared)]
pub struct Room {
    desks: Vec<Desk>,
    problems: Vec<Failed>,
}

flow! {
    pub Work: Room {
        Investigate.each(desks, failures = problems);
    }
}

fn main() {}
