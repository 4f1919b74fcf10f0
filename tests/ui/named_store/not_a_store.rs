use nodes::*;
use pocketflow::flow;
#[path = "../nodes.rs"]
mod nodes;

struct Plain;

flow! { pub Settle: Plain { pay >> ship; } }

async fn main_of(plain: &mut Plain) {
    Settle.run(plain).await.unwrap();
}

fn main() {}
