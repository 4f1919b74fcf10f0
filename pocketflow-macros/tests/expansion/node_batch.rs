#[node(Article, writes = sections, parallel = 4)]
async fn write_section(#[each(titles)] title: &str, style: &str) -> Result<Section> {
    ask(title, style).await
}
