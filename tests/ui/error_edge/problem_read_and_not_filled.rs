use pocketflow::{Failed, Shared, flow, node};

#[derive(Shared, Default)]
struct Order {
    total_cents: u64,
    coupon: Option<String>,
    problem: Option<Failed>,
    other: Option<Failed>,
    late: Option<Vec<Failed>>,
}

#[node(Order)]
async fn pay(total_cents: &u64) -> Result<(), std::io::Error> {
    println!("{total_cents} cents");
    Ok(())
}

#[node(Order)]
fn explain(problem: &Failed) {
    println!("{problem}");
}

#[node(Order)]
fn list(late: &[Failed]) {
    println!("{}", late.len());
}

flow! {
    pub Misspelt: Order {
        pay >> end;
        pay - error(problm) >> explain;
    }
}

flow! {
    pub OfAnotherType: Order {
        pay >> end;
        pay - error(coupon) >> explain;
    }
}

flow! {
    pub AnotherFailure: Order {
        pay >> end;
        pay - error(other) >> explain;
    }
}

flow! {
    pub NoErrorEdge: Order {
        pay >> explain;
    }
}

flow! {
    pub NoBatch: Order {
        pay >> list;
    }
}

fn main() {}
