use pocketflow::{Error, Failed, Shared, flow, node};

#[derive(Shared, Default)]
struct Order {
    items: Vec<u64>,
    prices: Vec<u64>,
    receipt: Option<String>,
    refused: Vec<Failed>,
    problem: Option<Failed>,
}

#[node(Order, writes = prices, failures = refused)]
async fn price(#[each(items)] item: &u64) -> Result<u64, std::io::Error> {
    Ok(*item)
}

struct Pay;

#[node(Order, writes = receipt)]
impl Pay {
    async fn exec(&self, items: &[u64]) -> Result<String, std::io::Error> {
        Ok(format!("{} items", items.len()))
    }
    fn fallback(&self, error: Error) -> String {
        error.to_string()
    }
}

#[node(Order)]
fn greet() {}

#[node(Order)]
fn explain(problem: &Failed) {
    println!("{problem}");
}

flow! {
    pub Price: Order {
        price >> end;
        price - error(problem) >> explain;
    }
}

flow! {
    pub Sell: Order {
        Pay >> end;
        Pay - error(problem) >> explain;
    }
}

flow! {
    pub Both: Order {
        (price, Pay, greet) >> end;
        (price, Pay, greet) - error(problem) >> explain;
    }
}

fn main() {}
