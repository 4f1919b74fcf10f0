#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

fn main() {
    let _write = flow! { combine; };
}
