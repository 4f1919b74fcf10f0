//! A step returns a value whose type has a name.
#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Order, writes = receipt)]
fn opaque(total_cents: &u64) -> impl Into<String> + use<> {
    total_cents.to_string()
}

struct Pay;

#[node(Order, writes = receipt)]
impl Pay {
    fn prep(&self, total_cents: &u64) -> Vec<impl Copy + use<>> {
        vec![*total_cents]
    }

    async fn exec(&self) -> Result<String, String> {
        Ok(String::new())
    }
}

fn main() {}
