#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::{Shared, flow, node};

pub struct Notes(Vec<String>);

#[derive(Shared)]
pub struct Book {
    title: String,
    notes: Notes,
}

#[node(Book)]
fn open(title: &str) {
    println!("{title}");
}

flow! {
    pub Publish: Book {
        open >> Investigate.on(notes);
    }
}

fn main() {}
