#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::Action;

#[derive(Action)]
enum NoStore {
    Rejected { reason: String },
}

#[derive(Action)]
#[action(Order)]
enum Unnamed {
    Rejected(String),
}

#[derive(Action)]
enum Twice {
    NeedsInfo,
    #[action("needs_info")]
    Other,
}

#[derive(Action)]
struct Only;

#[derive(Action)]
#[action(Order)]
enum Misspelt {
    Rejected { raison: String },
}

#[derive(Action)]
#[action(Order)]
enum WrongType {
    Rejected { reason: u64 },
}

fn main() {}
