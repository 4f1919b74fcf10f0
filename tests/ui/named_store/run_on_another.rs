use nodes::*;
use pocketflow::flow;
#[path = "../nodes.rs"]
mod nodes;

flow! { pub Settle: Order { pay >> ship; } }

async fn main_of(article: &mut Article) {
    Settle.run(article).await.unwrap();
    Settle.run(article).await.unwrap();
}

fn main() {}
