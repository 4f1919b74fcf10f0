#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! { pub NoName { outline >> await(section_drafts, "3d") >> combine; } }
flow! { pub Unquoted { outline >> await(section_drafts, within = 3d) >> combine; await(section_drafts) - "expired" >> end "late"; } }
flow! { pub Words { outline >> await(section_drafts, within = "3 days") >> combine; await(section_drafts) - "expired" >> end "late"; } }
flow! { pub Timeout { outline >> await(section_drafts, timeout = "3d") >> combine; await(section_drafts) - "expired" >> end "late"; } }
flow! { pub Context { outline >> await(section_drafts, within = context.limit) >> combine; await(section_drafts) - "expired" >> end "late"; } }
flow! { pub First { outline >> await(within = "3d", section_drafts) >> combine; await(section_drafts) - "expired" >> end "late"; } }
flow! { pub Twice { outline >> await(section_drafts, within = "3d") >> combine; await(section_drafts, within = "4d") - "expired" >> end "late"; } }
flow! { pub Zero { outline >> await(section_drafts, within = "0s") >> combine; await(section_drafts) - "expired" >> end "late"; } }
flow! { pub Forked { outline >> (draft, again) >> combine; again: await(section_drafts); } }

fn main() {}
