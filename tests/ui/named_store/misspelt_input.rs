use nodes::*;
use pocketflow::flow;
#[path = "../nodes.rs"]
mod nodes;

flow! { pub Settle(recipt): Order { ship; } }

fn main() {}
