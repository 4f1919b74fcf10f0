use pocketflow::{Shared, flow, node};

#[derive(Shared, Default)]
struct Order(u64, Option<String>);

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
    let mut order = Order(1, None);
    Print.run(&mut order).await?;
    Print.run(&mut order).await?;
    Ok(())
}
