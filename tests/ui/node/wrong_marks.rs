#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Article, writes = section_drafts, parallel = 2)]
async fn owned(#[each(section_titles)] title: String) -> String {
    title
}

#[node(Article, attempts = 2)]
fn number(#[attempt] attempt: u32) -> Result<(), String> {
    Err(attempt.to_string())
}

fn main() {}
