use pocketflow::{Action, Attempt, Shared, flow, node};
use restate_sdk::{endpoint::Endpoint, http_server::HttpServer};
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::time::Duration;

#[derive(Shared, Default, Serialize, Deserialize)]
struct Doc {
    title: String,
    text: Option<String>,
    approval: Option<String>,
    out: Option<String>,
}
#[derive(Shared, Default, Serialize, Deserialize)]
struct Order {
    ms: u64,
    n: u64,
    items: Vec<u64>,
    priced: Option<Vec<u64>>,
    a: Option<String>,
    b: Option<String>,
    docs: Vec<Doc>,
    approval: Option<String>,
    fail: bool,
    grow: usize,
    receipt: Option<String>,
}

async fn log(what: &str, ms: u64, attempt: Attempt<'_>) {
    let key = attempt.key().unwrap().to_string();
    let write = |line: &str| {
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(std::env::var("LOG").unwrap())
            .unwrap();
        file.write_all(format!("{line} {what} {key}\n").as_bytes())
            .unwrap();
    };
    write(&format!("begin {}", std::process::id()));
    tokio::time::sleep(Duration::from_millis(ms)).await;
    write("done");
}
#[derive(Action, Serialize, Deserialize)]
enum Goes {
    More,
    Enough,
}
#[node(Order, writes = n)]
async fn count(n: &u64, ms: &u64, #[attempt] attempt: Attempt<'_>) -> u64 {
    log("count", *ms, attempt).await;
    n + 1
}
#[node(Order)]
fn enough(n: &u64) -> Goes {
    if *n < 20 { Goes::More } else { Goes::Enough }
}
#[node(Order, writes = priced, parallel = 4)]
async fn price(#[each(items)] item: &u64, ms: &u64, #[attempt] attempt: Attempt<'_>) -> u64 {
    log("price", *ms, attempt).await;
    item * 2
}
#[node(Order, writes = a)]
async fn left(grow: &usize, ms: &u64, #[attempt] attempt: Attempt<'_>) -> String {
    log("left", *ms, attempt).await;
    format!("left{}", "z".repeat(*grow * 1_000_000))
}
#[node(Order, writes = b)]
async fn right(ms: &u64, #[attempt] attempt: Attempt<'_>) -> String {
    log("right", *ms, attempt).await;
    "right".into()
}
#[node(Doc, writes = text)]
async fn draft(title: &str, #[attempt] attempt: Attempt<'_>) -> String {
    log("draft", 20, attempt).await;
    format!("about {title}")
}
#[node(Doc, writes = out)]
async fn publish(approval: &str, text: &str, #[attempt] attempt: Attempt<'_>) -> String {
    log("publish", 20, attempt).await;
    format!("{text} by {approval}")
}
flow! { Write { draft >> await(approval) >> publish; } }
flow! { Fork: Order { (left, right); } }
#[node(Order, writes = receipt)]
async fn pay(
    fail: &bool,
    priced: &[u64],
    ms: &u64,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, String> {
    log("pay", *ms, attempt).await;
    if *fail && std::path::Path::new("/tmp/adapter-fail").exists() {
        return Err("the bank is closed".into());
    }
    Ok(format!("{}", priced.iter().sum::<u64>()))
}
flow! { Shop: Order {
    count >> enough;
    enough - "more" >> count;
    enough - "enough" >> price >> Fork >> Write.each(docs, parallel = 2) >> await(approval) >> pause >> pay; pause: sleep("1s");
} }

#[derive(Shared, Default, Serialize, Deserialize)]
struct Big {
    n: u64,
    size: usize,
    text: Option<String>,
}
#[node(Big, writes = text)]
async fn blow(size: &usize, n: &u64) -> String {
    format!("{n}{}", "z".repeat(*size * 1_000_000))
}
#[node(Big, writes = n)]
async fn tick(n: &u64) -> u64 {
    n + 1
}
#[node(Big)]
fn done(n: &u64) -> Goes {
    if *n < 12 { Goes::More } else { Goes::Enough }
}
flow! { Grow: Big { blow >> tick >> done; done - "more" >> blow; done - "enough" >> end; } }

#[tokio::main]
async fn main() {
    let burst = std::env::var("BURST")
        .ok()
        .and_then(|b| b.parse().ok())
        .unwrap_or(50);
    let shop = pocketflow_restate::flow(Shop).burst(burst);
    let shop = match std::env::var("INGRESS") {
        Ok(ingress) => shop.distribute(&ingress).unwrap(),
        Err(_) => shop,
    };
    let endpoint = Endpoint::builder()
        .bind(shop.object())
        .bind(shop.items())
        .bind(pocketflow_restate::flow(Grow).object())
        .build();
    HttpServer::new(endpoint)
        .listen_and_serve(
            format!("127.0.0.1:{}", std::env::var("PORT").unwrap())
                .parse()
                .unwrap(),
        )
        .await;
}
