use nodes::*;
use pocketflow::flow;
#[path = "../nodes.rs"]
mod nodes;

flow! { pub Settle(total_cents): Order { pay >> ship; } }

fn main() {}
