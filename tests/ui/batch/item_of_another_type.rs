#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Article, writes = section_drafts)]
async fn write(#[each(section_titles)] title: &u64) -> String {
    title.to_string()
}

fn main() {}
