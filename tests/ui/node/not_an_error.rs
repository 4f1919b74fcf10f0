#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

struct Refused;

#[node(Order, writes = receipt)]
async fn bill(total_cents: &u64) -> Result<String, Refused> {
    if *total_cents == 0 { Err(Refused) } else { Ok(String::new()) }
}

fn main() {}
