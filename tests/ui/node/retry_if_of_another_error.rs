use pocketflow::{Shared, node};

#[derive(Shared, Default)]
struct Order {
    receipt: Option<String>,
}

fn is_busy(error: &std::fmt::Error) -> bool {
    error.to_string().contains("busy")
}

#[node(Order, writes = receipt, attempts = 3, retry_if = is_busy)]
async fn pay() -> std::io::Result<String> {
    Ok("paid".into())
}

struct Ship;

#[node(Order, writes = receipt, attempts = 3, retry_if = Ship::is_busy)]
impl Ship {
    fn exec(&self) -> Result<String, String> {
        Ok("shipped".into())
    }
}

impl Ship {
    fn is_busy(error: &std::io::Error) -> bool {
        error.to_string().contains("busy")
    }
}

fn main() {}
