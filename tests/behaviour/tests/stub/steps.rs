//! Nodes of another module, in a flow of this one.

#[derive(pocketflow::Shared, Default)]
pub(super) struct Page {
    pub(super) words: Vec<String>,
    pub(super) lengths: Option<Vec<usize>>,
    pub(super) sum: Option<usize>,
}

#[pocketflow::node(Page, writes = lengths)]
pub(super) fn measure(#[each(words)] word: &str) -> usize {
    word.len()
}

#[pocketflow::node(Page, writes = sum)]
pub(super) fn add(lengths: &[usize]) -> usize {
    lengths.iter().sum()
}
