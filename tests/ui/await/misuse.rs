#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! { pub Nothing { outline >> await >> draft >> combine; } }
flow! { pub Empty { outline >> await() >> draft >> combine; } }
flow! { pub Two { outline >> await(section_titles, topic) >> draft >> combine; } }
flow! { pub Forked { outline >> (draft, await(final_article)) >> combine; } }
flow! { pub Alone { await(section_titles); } }

fn main() {}
