#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{flow, node};

#[node(Research, writes = sources)]
async fn browse(search_query: &str) -> Vec<String> {
    vec![search_query.into()]
}

flow! {
    pub Agent {
        decide - "search" >> (search, browse) >> answer;
        decide - "answer" >> guess;
    }
}

fn main() {}
