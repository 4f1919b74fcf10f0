//! A value that is no literal, constant or field: the message says what a policy can be.

use pocketflow::{Shared, node};

struct Services {
    tries: u32,
    retry: Retry,
}

struct Retry {
    tries: u32,
}

#[derive(Shared, Default)]
#[shared(context = Services)]
struct Page {
    url: String,
    links: Vec<String>,
    text: Option<String>,
}

#[node(Page, writes = text, attempts = tries)]
fn bare_field(url: &str) -> std::io::Result<String> {
    Ok(url.to_owned())
}

#[node(Page, writes = text, attempts = services.tries)]
fn another_owner(url: &str) -> std::io::Result<String> {
    Ok(url.to_owned())
}

#[node(Page, writes = text, attempts = context.retry.tries)]
fn field_of_a_field(url: &str) -> std::io::Result<String> {
    Ok(url.to_owned())
}

#[node(Page, writes = text, attempts = context.tries + 1)]
fn sum(url: &str) -> std::io::Result<String> {
    Ok(url.to_owned())
}

#[node(Page, writes = text, attempts = 3, wait = Duration::from_secs(1), backoff = 2.0)]
fn call(url: &str) -> std::io::Result<String> {
    Ok(url.to_owned())
}

#[node(Page, writes = text, attempts = 3, wait = 1, jitter = 0.5)]
fn number_of_a_time(url: &str) -> std::io::Result<String> {
    Ok(url.to_owned())
}

#[node(Page, writes = text, attempts = 3, wait = "1s", backoff = factor)]
fn bare_factor(url: &str) -> std::io::Result<String> {
    Ok(url.to_owned())
}

#[node(Page, writes = links, parallel = jobs)]
async fn bare_width(#[each(links)] link: &str) -> String {
    link.to_owned()
}

fn main() {}
