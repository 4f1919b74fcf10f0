use nodes::*;
use pocketflow::flow;
#[path = "../nodes.rs"]
mod nodes;

flow! { pub Settle: Order { pay >> outline; } }

async fn main_of(order: &mut Order) {
    Settle.run(order).await.unwrap();
    Settle.run(order).await.unwrap();
}

fn main() {}
