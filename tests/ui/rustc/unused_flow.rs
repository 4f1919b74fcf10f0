#![deny(dead_code)]

#[path = "../nodes.rs"]
mod nodes;

use nodes::*;
use pocketflow::flow;

flow! {
    Used {
        pay >> Inner;
    }
}

flow! {
    Inner(receipt) {
        ship;
    }
}

flow! {
    Printed {
        pay;
    }
}

flow! {
    Unused {
        pay;
    }
}

flow! {
    #[allow(dead_code)]
    Meant {
        pay;
    }
}

fn main() {
    let _ = Used.run(&mut Order::default());
    println!("{}", Printed::GRAPH);
}
