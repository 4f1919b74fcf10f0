#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{Error, Runnable, flow};

flow! {
    pub Checkout {
        review - "approved" >> pay >> ship;
        review - "rejected" >> refuse;
    }
}

async fn timed<F: Runnable<S>, S>(flow: &F, shared: &mut S) -> Result<F::Exit, Error> {
    flow.run(shared).await
}

async fn run(article: &mut Article) {
    timed(&Checkout, article).await.unwrap();
}

fn main() {}
