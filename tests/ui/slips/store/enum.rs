use pocketflow::{Shared, flow, node};

#[derive(Shared)]
enum Order {
    New { total_cents: u64 },
    Paid { receipt: String },
}

#[node(Order)]
fn print(total_cents: &u64) {
    println!("{total_cents}");
}

flow! {
    pub Print {
        print;
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut order = Order::New { total_cents: 1 };
    Print.run(&mut order).await?;
    order = Order::Paid { receipt: "paid".into() };
    Print.run(&mut order).await?;
    Ok(())
}
