#[node(Chat, appends = notes)]
impl WebSearch {
    async fn exec(&self, query: &str) -> Result<String, SearchError> {
        self.client.search(query).await
    }
}
