use pocketflow::{Action, Shared, flow, node};

#[derive(Shared, Default, Debug)]
struct Order {
    total_cents: u64,
    receipt: Option<String>,
    reason: Option<String>,
}

#[derive(Action)]
#[action(Order)]
enum Verdict {
    Approved,
    Rejected { reason: String },
}

#[node(Order)]
fn review(total_cents: &u64) -> Verdict {
    if *total_cents <= 100_000 { Verdict::Approved } else { Verdict::Rejected { reason: "over the limit".into() } }
}

#[node(Order, writes = receipt, attempts = 3, wait = "200ms")]
async fn pay(total_cents: &u64) -> anyhow::Result<String> {
    Ok(format!("{total_cents} cents"))
}

#[node(Order)]
fn refuse(reason: &str) {
    println!("rejected: {reason}");
}

flow! {
    pub Checkout {
        review - "approved" >> pay;
        review - _ >> refuse;
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut order = Order { total_cents: 4_200, ..Default::default() };
    Checkout.run(&mut order).await?;
    let mut other = Order { total_cents: 420_000, ..Default::default() };
    Checkout.run(&mut other).await?;
    println!("{:?} {:?}", order.receipt, other.reason);
    Ok(())
}
