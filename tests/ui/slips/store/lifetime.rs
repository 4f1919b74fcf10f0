use pocketflow::{Shared, flow, node};

#[derive(Shared, Default)]
struct Page<'a> {
    text: &'a str,
    words: Option<usize>,
}

#[node(Page, writes = words)]
fn count(text: &str) -> usize {
    text.split_whitespace().count()
}

flow! {
    pub Count {
        count;
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut page = Page { text: "one two", words: None };
    Count.run(&mut page).await?;
    Count.run(&mut page).await?;
    println!("{:?}", page.words);
    Ok(())
}
