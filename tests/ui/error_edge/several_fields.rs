use pocketflow::{Failed, Shared, flow, node};

#[derive(Shared, Default)]
struct Order {
    total_cents: u64,
    receipt: Option<String>,
    problem: Option<Failed>,
    note: Option<String>,
}

#[node(Order)]
fn reserve(total_cents: &u64) {
    println!("{total_cents}");
}

#[node(Order, writes = receipt, attempts = 3)]
async fn pay(total_cents: &u64) -> Result<String, std::io::Error> {
    Ok(format!("{total_cents} cents"))
}

#[node(Order)]
fn ship(receipt: &str) {
    println!("{receipt}");
}

#[node(Order)]
fn release(total_cents: &u64) {
    println!("{total_cents}");
}

#[node(Order)]
fn explain(problem: &Failed) {
    println!("{problem}");
}

flow! {
    pub Sell {
        pay >> ship;
        pay - error(problem, note) >> explain;
    }
}

fn main() {}
