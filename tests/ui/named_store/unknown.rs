use nodes::*;
use pocketflow::flow;
#[path = "../nodes.rs"]
mod nodes;

flow! { pub Settle: Oder { pay >> ship; } }

async fn main_of(order: &mut Order) {
    Settle.run(order).await.unwrap();
}

fn main() {}
