#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

const ZERO: std::time::Duration = std::time::Duration::ZERO;
const SECONDS: u64 = 3;

flow! { pub NotWired { outline >> await(section_drafts, within = "3d") >> combine; } }
flow! { pub NoDeadline { outline >> await(section_drafts) >> combine; await(section_drafts) - "expired" >> end "late"; } }
flow! { pub Misspelt { outline >> await(section_drafts, within = "3d") >> combine; await(section_drafts) - "expird" >> end "late"; } }
flow! { pub NotFilled { outline >> await(section_drafts, within = "3d") >> combine; await(section_drafts) - "expired" >> combine; } }
flow! { pub Zero { outline >> await(section_drafts, within = ZERO) >> combine; await(section_drafts) - "expired" >> end "late"; } }
flow! { pub NoTime { outline >> await(section_drafts, within = SECONDS) >> combine; await(section_drafts) - "expired" >> end "late"; } }
flow! { pub NoSuch { outline >> await(section_drafts, within = LIMIT) >> combine; await(section_drafts) - "expired" >> end "late"; } }
flow! { pub NoField { outline >> await(section_draft, within = "3d") >> end; await(section_draft) - "expired" >> end "late"; } }
flow! { pub Fails { outline >> await(section_drafts, within = "3d") >> combine; await(section_drafts) - "expired" >> end "late"; await(section_drafts) - error >> end "failed"; } }

fn main() {}
