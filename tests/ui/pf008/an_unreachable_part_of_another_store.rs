#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

fn main() {
    let _mixed = flow! { outline >> draft >> combine; search >> answer; };
}
