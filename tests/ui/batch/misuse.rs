#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Article, writes = section_drafts)]
async fn twice(#[each(section_titles)] title: &str, #[each(section_drafts)] draft: &str) -> String {
    format!("{title} {draft}")
}

#[node(Article, writes = final_article, parallel = 8)]
async fn no_batch(topic: &str) -> String {
    topic.into()
}

#[node(Article, writes = section_drafts, parallel = 0)]
async fn never(#[each(section_titles)] title: &str) -> String {
    title.into()
}

#[node(Article, writes = section_drafts, parallel = 8)]
fn plain(#[each(section_titles)] title: &str) -> String {
    title.into()
}

#[node(Article, writes = section_drafts, parallel = many)]
async fn how_many(#[each(section_titles)] title: &str) -> String {
    title.into()
}

#[node(Article, writes = section_drafts, parallel = self.jobs)]
async fn no_fields(#[each(section_titles)] title: &str) -> String {
    title.into()
}

struct Draft {
    jobs: usize,
}

#[node(Article, writes = section_drafts, parallel = self.jobs)]
impl Draft {
    async fn exec(&self, #[each(section_titles)] title: &str) -> String {
        format!("{title} {}", self.jobs)
    }
}

#[node(Article, writes(section_titles, section_drafts))]
async fn unzipped(#[each(section_titles)] title: &str) -> (String, String) {
    (title.into(), title.into())
}

#[node(Article, writes = section_drafts)]
async fn of_what(#[each] title: &str) -> String {
    title.into()
}

#[node(Article, writes = section_drafts)]
async fn taken_apart(#[each(sections)] (title, draft): &(String, String)) -> String {
    format!("{title} {draft}")
}

struct Posts;

#[node(Article)]
impl Posts {
    fn exec(&self, #[each(prep)] title: &str) {
        println!("{title}");
    }

    fn post(&self, #[each(section_titles)] title: &str) {
        println!("{title}");
    }
}

fn main() {}
