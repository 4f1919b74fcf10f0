#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! { pub Misspelt { await(section_title) >> draft >> combine; } }
flow! { pub NotLate { outline >> await(topic) >> draft >> combine; } }
flow! { pub Other { await(final_article) >> draft >> combine; } }

fn main() {}
