use pocketflow::{Action, flow, node};

mod data {
    use pocketflow::Shared;

    #[derive(Shared, Default, Debug)]
    pub struct Order {
        pub total_cents: u64,
        pub receipt: Option<String>,
        pub reason: Option<String>,
        note: Option<String>,
    }

    impl Order {
        pub fn of(total_cents: u64) -> Self {
            Self { total_cents, ..Self::default() }
        }

        pub fn note(&self) -> Option<&String> {
            self.note.as_ref()
        }
    }
}

use data::Order;

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
fn refuse(reason: &str, note: Option<&str>) {
    println!("rejected: {reason} {note:?}");
}

flow! {
    pub Checkout {
        review - "approved" >> pay;
        review - "rejected" >> refuse;
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut order = Order::of(4_200);
    Checkout.run(&mut order).await?;
    let mut other = Order::of(420_000);
    Checkout.run(&mut other).await?;
    println!("{:?} {:?}", order.note(), other.reason);
    Ok(())
}
