#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

const ZERO: std::time::Duration = std::time::Duration::ZERO;

flow! { pub Undeclared { outline >> sleep("1h") >> draft >> combine; } }
flow! { pub Forked { outline >> (draft, pause) >> combine; pause: sleep("1h"); } }
flow! { pub ForkedUndeclared { outline >> (draft, sleep("1h")) >> combine; } }
flow! { pub Empty { outline >> pause >> draft >> combine; pause: sleep(); } }
flow! { pub Unquoted { outline >> pause >> draft >> combine; pause: sleep(1h); } }
flow! { pub Zero { outline >> pause >> draft >> combine; pause: sleep("0s"); } }
flow! { pub Unused { outline >> draft >> combine; pause: sleep("1h"); } }
flow! { pub Alone { pause; pause: sleep("1h"); } }
flow! { pub Visible { outline >> pause >> draft >> combine; pub pause: sleep("1h"); } }
flow! { pub ZeroConstant { outline >> pause >> draft >> combine; pause: sleep(ZERO); } }
flow! { pub Fails { outline >> pause >> draft >> combine; pause: sleep("1h"); pause - error >> end "failed"; } }
flow! { pub Expires { outline >> pause >> draft >> combine; pause: sleep("1h"); pause - "expired" >> end "late"; } }

fn main() {}
