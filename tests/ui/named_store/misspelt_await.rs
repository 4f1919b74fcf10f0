use nodes::*;
use pocketflow::flow;
#[path = "../nodes.rs"]
mod nodes;

flow! { pub Settle: Order { pay >> await(recipt) >> ship; } }

fn main() {}
