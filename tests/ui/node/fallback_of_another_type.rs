#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{Reads, node};

#[node(Order, writes = receipt, fallback = none)]
async fn bill(total_cents: &u64) -> std::io::Result<String> {
    Ok(total_cents.to_string())
}

fn none(_: &Reads<'_, bill>, _: pocketflow::Error) -> u64 {
    0
}

fn main() {}
