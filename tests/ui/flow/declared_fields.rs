#[path = "../nodes.rs"]
mod nodes;
use nodes::*;

pocketflow::flow! {
    Restricted {
        pub(crate) again: review;
        again - "approved" >> pay;
        again - "rejected" >> refuse;
    }
}

pocketflow::flow! {
    Edge {
        pub review - "approved" >> pay;
        review - "rejected" >> refuse;
    }
}

pocketflow::flow! {
    #[flow(krate = pocketflow)]
    Misspelt {
        review - "approved" >> pay;
        review - "rejected" >> refuse;
    }
}

#[derive(pocketflow::Shared)]
#[shared(krate = pocketflow)]
struct Store {
    #[allow(dead_code)]
    field: u8,
}

#[derive(pocketflow::Action)]
#[action(Order, crate = "pocketflow")]
enum Choice {
    #[allow(dead_code)]
    Only,
}

fn main() {}
