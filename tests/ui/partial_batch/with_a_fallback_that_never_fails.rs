use pocketflow::{Error, Failed, Shared, flow, node};

#[derive(Shared, Default)]
struct Order {
    items: Vec<u64>,
    prices: Vec<u64>,
    refused: Vec<Failed>,
    problem: Option<Failed>,
}

struct Price;

#[node(Order, writes = prices, failures = refused)]
impl Price {
    async fn exec(&self, #[each(items)] item: &u64) -> Result<u64, std::io::Error> {
        Ok(*item)
    }
    fn fallback(&self, error: Error) -> u64 {
        error.to_string().len() as u64
    }
}

flow! { pub Sell: Order { Price; } }

fn main() {}
