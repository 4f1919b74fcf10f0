#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

async fn call_llm(prompt: &str) -> std::io::Result<String> {
    Ok(prompt.into())
}

#[node(Order, writes = receipt)]
async fn bill(total_cents: &u64) -> std::io::Result<String> {
    call_llm(&total_cents.to_string())
}

fn main() {}
