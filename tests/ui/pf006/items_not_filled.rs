#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

#[node(Article, writes = section_drafts, parallel = 8)]
async fn write(#[each(section_titles)] title: &str) -> String {
    title.into()
}

flow! {
    pub Write {
        write >> combine;
    }
}

fn main() {}
