#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Order, writes = receipt)]
async fn bill(total_cents: &u64) -> String {
    let text = std::rc::Rc::new(total_cents.to_string());
    std::future::ready(()).await;
    text.to_string()
}

fn main() {}
