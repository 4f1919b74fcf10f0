//! How runs begin.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use pocketflow::{Shared, flow, node};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::server::Server;
use crate::input::Input;
use crate::job::{FlowJob, Job};
use crate::state::{Fields, text};

/// It is another one each time.
fn number() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Relaxed)
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Label {
    text: String,
    #[serde(default = "number")]
    number: u32,
}

#[derive(Shared, Serialize, Deserialize)]
struct Parcel {
    names: HashMap<u32, String>,
    tags: HashSet<String>,
    weight: f64,
    label: Option<Label>,
    number: u32,
    seen: u32,
    #[serde(rename = "sentTo")]
    sent_to: String,
}

impl Default for Parcel {
    fn default() -> Self {
        Self {
            names: HashMap::new(),
            tags: HashSet::new(),
            weight: 1.0,
            label: None,
            number: number(),
            seen: 0,
            sent_to: String::new(),
        }
    }
}

#[node(Parcel, writes = seen)]
fn look(seen: &u32) -> u32 {
    seen + 1
}

flow! { Post: Parcel { look; } }

fn parcels() -> FlowJob<Post, Parcel> {
    FlowJob::new(Post, |_: &str| Ok(Parcel::default()))
}

/// The input of a request, as it comes back from the journal.
fn input(body: &Value) -> Input {
    let body = body.to_string();
    let input = parcels().input("a", body.as_bytes(), usize::MAX).unwrap();
    serde_json::from_str(&serde_json::to_string(&input).unwrap()).unwrap()
}

fn many() -> Value {
    let names: BTreeMap<_, _> = (0..40).map(|name| (name.to_string(), "x")).collect();
    let tags: BTreeSet<_> = (0..40).map(|tag| tag.to_string()).collect();
    json!({"names": names, "tags": tags, "weight": 3, "label": {"text": "eggs"}, "sentTo": "Ada"})
}

#[test]
fn what_is_recorded_and_the_request_are_the_store_and_nothing_is_recorded_twice() {
    let body = many();
    let input = input(&body);
    let recorded = serde_json::to_value(&input).unwrap();
    let fields = recorded["fields"].as_object().unwrap();
    // The label has a number now, the weight is not an integer, and two fields are not in the request.
    let names: Vec<_> = fields.keys().map(String::as_str).collect();
    assert_eq!(names, ["label", "number", "seen", "weight"]);
    let store: Fields = input.store(body.to_string().as_bytes()).unwrap();
    let store: Value = serde_json::from_str(&text(&store)).unwrap();
    for field in ["names", "tags", "sentTo"] {
        assert_eq!(store[field], body[field]);
    }
    assert_eq!(store["weight"].to_string(), "3.0");
    for field in ["number", "label"] {
        assert_eq!(store[field], fields[field]);
    }
    assert!(store["label"]["number"].is_u64());
}

#[test]
fn a_field_may_have_its_name_in_the_program() {
    let body = json!({"sent_to": "Ada"});
    let store = input(&body).store(body.to_string().as_bytes()).unwrap();
    assert_eq!(store["sentTo"].text(), "\"Ada\"");
    assert!(!store.contains_key("sent_to"));
}

#[test]
fn a_request_without_a_field_of_the_store_is_recorded_as_a_whole() {
    let store = input(&json!({})).store(b"").unwrap();
    assert_eq!(store.len(), 7);
}

/// Why a run that was started with a request is not started again with another one.
fn compared(first: &Value, again: &Value) -> Result<(), String> {
    let job = std::sync::Arc::new(parcels());
    let mut server = Server::start(job.clone(), "input", &first.to_string(), 1);
    let begun = job.compare(&server.run(), again.to_string().as_bytes(), false);
    // The flow changes a field.
    server.go_on(10_000);
    let over = job.compare(&server.run(), again.to_string().as_bytes(), false);
    assert_eq!(begun, over);
    over.map_err(|refused| {
        assert_eq!(refused.code, 409);
        refused.why
    })
}

#[test]
fn a_run_is_started_again_with_the_same_input_only() {
    let seen = |seen: u32| json!({ "seen": seen });
    let none = json!({});
    assert_eq!(compared(&many(), &many()), Ok(()));
    for (first, again) in [(&seen(9), &seen(9)), (&none, &none), (&none, &seen(0))] {
        assert_eq!(compared(first, again), Ok(()), "{first} {again}");
    }
    for (first, again) in [
        (seen(9), seen(8)),
        (seen(9), none.clone()),
        (none.clone(), seen(5)),
    ] {
        let why = compared(&first, &again).unwrap_err();
        assert!(
            why.starts_with(
                "run `input` was started with different input: `seen` had another value\nhelp: "
            ),
            "{why}"
        );
    }
    // Its default is another one each time.
    let numbered = |number: u32| json!({ "number": number });
    assert_eq!(compared(&numbered(7), &numbered(7)), Ok(()));
    assert!(compared(&none, &numbered(7)).is_err());
    let both = compared(
        &json!({"weight": 2, "sentTo": "Ada"}),
        &json!({"weight": 3, "sent_to": "Eve"}),
    );
    assert!(both.unwrap_err().contains(": `weight`, `sent_to` had"));
}

#[derive(Shared, Default, Serialize, Deserialize)]
struct Shipment {
    #[serde(rename = "theParcels")]
    parcels: Vec<Parcel>,
    #[serde(alias = "by")]
    carrier: Option<String>,
}

flow! { Ship: Shipment { await(carrier) >> Post.each(parcels); } }

#[test]
fn a_field_has_its_names_in_the_program_and_in_json_also_in_inner_runs() {
    let job = FlowJob::new(Ship, |_: &str| Ok(Shipment::default()));
    for (field, name) in [
        ("carrier", "carrier"),
        ("carrier", "by"),
        ("parcels", "theParcels"),
        ("sent_to", "sentTo"),
    ] {
        assert!(job.is_field(field, name), "{field} {name}");
    }
    assert!(!job.is_field("carrier", "theParcels") && !job.is_field("sent_to", "sent"));
}

#[node(Shipment, appends = parcels)]
fn collect() -> Vec<Parcel> {
    Vec::new()
}

flow! { Collect: Shipment { collect >> await(carrier) >> Post.each(parcels); } }

#[derive(Shared, Default, Serialize, Deserialize)]
struct Order {
    cents: u64,
    #[serde(skip)]
    rate: u64,
    receipt: Option<String>,
}

#[node(Order, writes = receipt)]
fn pay(cents: &u64, rate: &u64) -> String {
    (cents * rate).to_string()
}

flow! { Nested: Order { pay; } }
flow! { Shop: Order { Nested; } }

#[test]
fn an_empty_body_starts_a_flow_that_needs_no_input() {
    let shop = FlowJob::new(Shop, |_: &str| Ok(Order::default()));
    for body in ["", " \n"] {
        let refused = shop.input("a", body.as_bytes(), 1000).unwrap_err();
        assert_eq!(refused.code, 400);
        assert_eq!(
            refused.why,
            "the body is empty, and the flow `Shop` reads what none of its nodes fills: `cents`\n\
             help: send a JSON object with the fields of the store, or `{}` for a store as its `Default` makes it"
        );
    }
    assert!(shop.input("a", b"{}", 1000).is_ok());
    // Nodes, or a wait, fill all that these read.
    let collect = FlowJob::new(Collect, |_: &str| Ok(Shipment::default()));
    assert!(collect.input("a", b"", 1000).is_ok());
    assert!(parcels().input("a", b"", 1000).is_ok());
}
