#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Article)]
async fn write(#[each(section_titles)] title: &str) -> String {
    title.into()
}

fn main() {}
