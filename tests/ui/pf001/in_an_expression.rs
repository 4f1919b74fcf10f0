#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

fn main() {
    let _checkout = flow! { review - "aproved" >> pay; review - "approved" >> pay; review - "rejected" >> refuse; };
}
