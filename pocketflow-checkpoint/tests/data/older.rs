//! A run that the previous version of this crate stored.

use super::*;

#[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    total_price: f64,
    #[serde(skip)]
    client: u32,
    #[serde(rename = "note", default)]
    text: String,
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
    go_on: Option<bool>,
    sent: Option<u32>,
}

#[node(Order)]
fn look(total_price: &f64) {
    assert!(*total_price > 0.0);
}

#[node(Order, writes = sent)]
fn send(go_on: &bool, client: &u32) -> u32 {
    u32::from(*go_on) * client
}

flow! { Shop { look >> await(go_on) >> send; } }

/// What the previous version stored: the whole store as serde writes it, and a graph without
/// reads and inputs.
#[tokio::test]
async fn a_run_of_the_previous_version_resumes() {
    let (folder, runs) = runs().await;
    let mut order = Order {
        total_price: 0.1 + 0.2,
        text: "x".into(),
        client: 1,
        ..Order::default()
    };
    order.rest.insert("extra".into(), 7);
    Shop.with(runs.run("a").park())
        .run(&mut order.clone())
        .await
        .unwrap_err();
    let state = serde_json::to_string(&order).unwrap();
    assert!(
        state.contains("totalPrice") && state.contains("\"extra\""),
        "{state}"
    );
    let mut graph: serde_json::Value =
        serde_json::from_str(&runs.storage().show("a").await.unwrap().unwrap().graph).unwrap();
    let fields = graph.as_object_mut().unwrap();
    assert!(fields.remove("proof").is_some() && fields.remove("input").is_some());
    assert!(
        fields["fields"].get("client").is_some(),
        "fields that serde skips are known by their names"
    );
    let file = rusqlite::Connection::open(folder.path().join("runs.db")).unwrap();
    file.execute("UPDATE runs SET state = ?1", [&state])
        .unwrap();
    file.execute(
        "UPDATE texts SET text = ?1 WHERE name = ''",
        [&graph.to_string()],
    )
    .unwrap();

    runs.fill("a", "go_on", "true").await.unwrap();
    let mut again = Order {
        client: 5,
        ..Order::default()
    };
    Shop.with(runs.run("a")).run(&mut again).await.unwrap();
    assert_eq!(
        again,
        Order {
            client: 5,
            go_on: Some(true),
            sent: Some(5),
            ..order
        }
    );
}
