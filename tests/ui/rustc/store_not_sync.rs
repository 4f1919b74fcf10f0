use std::cell::Cell;

use pocketflow::Shared;

#[derive(Shared)]
struct Counter {
    count: Cell<u64>,
}

fn main() {}
