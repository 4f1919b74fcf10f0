//! The graph of a flow: its description, its picture, its fingerprint.

use pocketflow::{Action, Edge, Graph, Shared, Target, flow, node};
use pocketflow_tests::Steps;

#[derive(Shared, Default)]
struct Order {
    total_cents: u64,
    card: Option<String>,
}

#[derive(Action)]
#[action(Order)]
enum Verdict {
    Approved { card: String },
    Rejected,
}

#[derive(Action)]
enum Answer {
    Ok,
    Busy,
    Declined,
}

#[node(Order)]
fn review(total_cents: &u64) -> Verdict {
    if *total_cents < 100 { Verdict::Approved { card: "1".into() } } else { Verdict::Rejected }
}

#[node(Order)]
async fn authorize(card: &str) -> Answer {
    match card.len() {
        0 => Answer::Declined,
        1 => Answer::Ok,
        _ => Answer::Busy,
    }
}

#[node(Order)]
fn capture(card: &str) {
    assert!(!card.is_empty());
}

#[node(Order)]
fn ship() {}

/// A name that is a word of Mermaid's own.
#[node(Order)]
fn style() {}

flow! {
    /// Charges the card.
    pub Payment(card) {
        authorize - "ok" >> capture;
        authorize - "busy" >> authorize max 3 else end "declined";
        authorize - "declined" >> end "declined";
    }
}

flow! {
    /// Sells.
    pub Shop {
        review - "approved" >> Payment >> style >> ship;
        Payment - "declined" >> end;
        review - "rejected" >> end "refused";
    }
}

#[test]
fn a_graph_is_a_constant_description() {
    let graph: &'static Graph = Shop::GRAPH;
    assert_eq!(graph.name, "Shop");
    let places: Vec<_> = graph.places.iter().map(|place| place.name).collect();
    assert_eq!(places, ["review", "Payment", "style", "ship"]);
    assert_eq!(graph.exits, ["default", "refused"]);
    assert_eq!(graph.places[1].node.flow.unwrap().inputs, ["card"]);
    assert_eq!(graph.places[1].node.actions, ["declined", "default"]);
    let Edge { from, action, to, .. } = graph.edges[4];
    assert_eq!((from, action, to), (0, "rejected", Target::Exit(1)));
}

#[test]
fn a_graph_prints_as_mermaid_with_nested_flows_as_subgraphs() {
    let picture = r#"flowchart TD
    review([review])
    subgraph Payment[Payment]
        Payment.authorize([authorize])
        Payment.capture[capture]
        Payment.exit.0((declined))
        Payment.authorize -->|ok| Payment.capture
        Payment.authorize -->|busy, at most 3| Payment.authorize
        Payment.authorize -->|busy, then| Payment.exit.0
        Payment.authorize -->|declined| Payment.exit.0
    end
    style_[style]
    exit.0((end))
    exit.1((refused))
    review -->|approved| Payment
    Payment --> style_
    style_ --> ship
    Payment -->|declined| exit.0
    review -->|rejected| exit.1
    ship --> exit.0"#;
    assert_eq!(Shop::GRAPH.to_string(), picture);
}

#[tokio::test]
async fn a_nested_flow_leaves_by_its_exits() {
    let mut order = Order { total_cents: 5, ..Default::default() };
    assert_eq!(Shop.run(&mut order).await.unwrap(), ShopExit::Default);
    let mut order = Order { total_cents: 500, ..Default::default() };
    assert_eq!(Shop.run(&mut order).await.unwrap(), ShopExit::Refused);
    let mut order = Order { total_cents: 5, card: Some(String::new()) };
    assert_eq!(Payment.run(&mut order).await.unwrap(), PaymentExit::Declined);
}

#[tokio::test]
async fn a_bound_is_counted_per_run_of_its_flow() {
    let mut order = Order { total_cents: 5, card: Some("12".into()) };
    for _ in 0..2 {
        let steps = Steps::default();
        let exit = Payment.with(&steps).run(&mut order).await.unwrap();
        assert_eq!((exit, steps.count()), (PaymentExit::Declined, 4));
    }
}

#[test]
fn a_fingerprint_changes_with_the_graph_and_only_with_it() {
    let first = flow! { review - "approved" >> ship; review - "rejected" >> end; };
    let same = flow! { review - "approved" >> ship; review - "rejected" >> end; };
    let other = flow! { review - "approved" >> ship; review - "rejected" >> end "x"; };
    let place_for_exit = flow! { review - "approved" >> ship; review - "rejected" >> ship; };
    assert_eq!(first.graph().fingerprint(), same.graph().fingerprint());
    assert_ne!(first.graph().fingerprint(), other.graph().fingerprint());
    assert_ne!(first.graph().fingerprint(), place_for_exit.graph().fingerprint());
    assert_ne!(Shop::GRAPH.fingerprint(), Payment::GRAPH.fingerprint());
}
