#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::node;

#[node(Article)]
async fn plan(topic: &mut String) {
    topic.push('!');
}

#[node(Article)]
async fn whole(shared: &mut Article) {
    shared.topic.push('!');
}

fn main() {}
