use pocketflow::{Shared, node};

struct Log(Vec<String>);

impl Extend<String> for Log {
    fn extend<I: IntoIterator<Item = String>>(&mut self, items: I) {
        self.0.extend(items);
    }
}

#[derive(Shared)]
struct Order {
    log: Option<Log>,
    receipt: Option<std::num::NonZeroU32>,
}

#[node(Order, appends = log)]
fn pay() -> [String; 1] {
    ["paid".into()]
}

#[node(Order, appends = receipt)]
fn print() -> [u32; 1] {
    [1]
}

fn main() {}
