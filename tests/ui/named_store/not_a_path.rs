use nodes::*;
use pocketflow::flow;
#[path = "../nodes.rs"]
mod nodes;

flow! { pub Borrowed: &Order { pay >> ship; } }

flow! { pub Generic: Order<u8> { pay >> ship; } }

flow! { pub Quoted: "Order" { pay >> ship; } }

flow! { pub Nothing: { pay >> ship; } }

flow! { pub Late: Order(receipt) { pay >> ship; } }

fn main() {}
