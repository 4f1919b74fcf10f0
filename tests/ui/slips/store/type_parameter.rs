use pocketflow::{Shared, flow, node};

#[derive(Shared, Default)]
struct Page<T> {
    items: Vec<T>,
    count: Option<usize>,
}

#[node(Page<u8>, writes = count)]
fn count(items: &[u8]) -> usize {
    items.len()
}

flow! {
    pub Count {
        count;
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut page = Page::<u8> { items: vec![1], count: None };
    Count.run(&mut page).await?;
    Count.run(&mut page).await?;
    println!("{:?}", page.count);
    Ok(())
}
