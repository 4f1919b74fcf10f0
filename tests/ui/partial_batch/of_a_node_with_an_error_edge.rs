use pocketflow::{Failed, Shared, flow, node};

#[derive(Shared, Default)]
struct Order {
    receipt: Option<String>,
    problems: Vec<Failed>,
}

#[node(Order, writes = receipt, failures = problems)]
async fn pay() -> Result<String, std::io::Error> {
    Ok("paid".into())
}

#[node(Order)]
fn release() {}

flow! {
    pub Sell: Order {
        pay >> end;
        pay - error >> release;
    }
}

fn main() {}
