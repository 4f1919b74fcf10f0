//! Program 12 of the documentation.

use pocketflow::{Failed, Shared, flow, node};

#[derive(Shared, Default)]
pub struct Order {
    total_cents: u64,
    receipt: Option<String>,
    problem: Option<Failed>,
    refund: Option<String>,
    log: Vec<String>,
    fails_at: &'static str,
}

#[node(Order, appends = log)]
fn reserve() -> [String; 1] {
    ["reserved".into()]
}

#[node(Order, writes = receipt, attempts = 3)]
async fn pay(total_cents: &u64, fails_at: &&'static str) -> anyhow::Result<String> {
    anyhow::ensure!(*fails_at != "pay", "the bank refused {total_cents} cents");
    Ok(format!("paid {total_cents}"))
}

#[node(Order, appends = log)]
async fn ship(receipt: &str, fails_at: &&'static str) -> anyhow::Result<[String; 1]> {
    anyhow::ensure!(*fails_at != "ship", "the parcel is lost");
    Ok([format!("shipped: {receipt}")])
}

#[node(Order, appends = log)]
fn release(problem: &Failed, receipt: Option<&str>) -> [String; 1] {
    assert_eq!(receipt, None);
    [format!("released: {problem:#}")]
}

#[node(Order, writes = refund)]
fn refund(receipt: &str) -> String {
    format!("back: {receipt}")
}

flow! {
    pub Sell {
        reserve >> pay >> ship;
        pay - error(problem) >> release >> end "declined";     // `problem` is filled here, `receipt` is not
        ship - error >> refund >> end "refunded";              // `receipt` is
    }
}

async fn sell(fails_at: &'static str) -> (SellExit, Order) {
    let mut order = Order {
        total_cents: 4_200,
        fails_at,
        ..Default::default()
    };
    (Sell.run(&mut order).await.unwrap(), order)
}

#[tokio::test]
async fn a_failure_leads_on_along_its_edge() {
    let (exit, order) = sell("").await;
    assert_eq!(exit, SellExit::Default);
    assert_eq!(order.log, ["reserved", "shipped: paid 4200"]);
    assert!(order.problem.is_none());

    let (exit, order) = sell("pay").await;
    assert_eq!(exit, SellExit::Declined);
    let released =
        "released: Sell > pay: exec failed at attempt 3 of 3: the bank refused 4200 cents";
    assert_eq!(order.log, ["reserved", released]);
    let problem = order.problem.unwrap();
    assert_eq!(problem.path, ["Sell", "pay"]);
    assert_eq!(
        (problem.node(), problem.attempts, problem.item),
        (Some("pay"), 3, None)
    );
    assert_eq!(problem.causes, ["the bank refused 4200 cents"]);

    let (exit, order) = sell("ship").await;
    assert_eq!(exit, SellExit::Refunded);
    assert_eq!(order.refund.as_deref(), Some("back: paid 4200"));
    assert!(order.problem.is_none());
}

#[test]
fn the_longest_walk_takes_the_error_edges() {
    const { assert!(Sell::MAX_STEPS == 4) };
}

#[test]
fn the_diagram_shows_them() {
    let drawn = Sell::GRAPH.to_string();
    assert!(
        drawn.contains("pay -.->|\"error#40;problem#41;\"| release"),
        "{drawn}"
    );
    assert!(drawn.contains("ship -.->|error| refund"), "{drawn}");
}
