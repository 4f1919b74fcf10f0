use std::collections::BTreeSet;

use pocketflow::{Shared, flow, node};

#[derive(Shared, PartialEq, Eq, PartialOrd, Ord)]
pub struct Page {
    text: String,
}

#[derive(Shared)]
pub struct Book {
    title: String,
    pages: BTreeSet<Page>,
}

#[node(Page)]
fn print(text: &str) {
    println!("{text}");
}

flow! {
    pub Print: Page {
        print;
    }
}

flow! {
    pub Publish: Book {
        Print.each(pages);
    }
}

fn main() {}
