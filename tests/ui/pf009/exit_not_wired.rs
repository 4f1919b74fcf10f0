#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Review {
        review - "approved" >> end;
        review - "rejected" >> end "refused";
    }
}

flow! {
    pub Checkout {
        Review >> pay;
    }
}

fn main() {}
