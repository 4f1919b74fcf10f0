use std::collections::HashMap;

use serde::Deserialize;

use super::*;

#[derive(Debug, Default, Clone, PartialEq)]
struct Client(u8);

mod text {
    pub(super) fn serialize<S: serde::Serializer>(
        value: &u64,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<u64, D::Error> {
        <String as serde::Deserialize>::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    first_line: String,
    price: f64,
    seats: HashMap<(u8, u8), String>,
    paid: Option<Option<bool>>,
    #[serde(with = "text", default)]
    cents: u64,
    #[serde(skip)]
    client: Client,
    #[serde(default)]
    tags: Vec<String>,
}

fn order() -> Order {
    Order {
        first_line: "a".into(),
        price: 0.1 + 0.2,
        seats: [((1, 2), "Ada".to_owned())].into(),
        paid: Some(None),
        cents: 5,
        client: Client(1),
        tags: vec!["x".into()],
    }
}

#[test]
fn a_state_is_json_and_comes_back_as_it_was() {
    let mut order = order();
    let state = Keeper::default().write(&mut order).unwrap();
    assert_eq!(
        state,
        r#"{"firstLine":"a","price":0.30000000000000004,"seats":{"$ron":"{(1,2):\"Ada\"}"},"#
            .to_owned()
            + r#""paid":{"$ron":"Some(None)"},"cents":"5","tags":["x"]}"#
    );
    let mut back = Order {
        client: Client(9),
        ..Order::default()
    };
    Keeper::read(&state, &mut back).unwrap();
    assert_eq!(
        back,
        Order {
            client: Client(9),
            ..order
        },
        "what serde skips stays as it is"
    );
}

#[test]
fn only_what_has_changed_is_written_anew() {
    let (mut keeper, mut order) = (Keeper::default(), order());
    keeper.write(&mut order).unwrap();
    let before = keeper.written[0].as_ref().unwrap().text.as_ptr();
    order.price = 1.0;
    let state = keeper.write(&mut order).unwrap();
    assert!(state.contains(r#""price":1.0,"#));
    assert_eq!(keeper.written[0].as_ref().unwrap().text.as_ptr(), before);
    let mut back = Order::default();
    Keeper::read(&state, &mut back).unwrap();
    assert_eq!(back.price, 1.0);
}

#[test]
fn a_state_of_another_store_changes_nothing_and_names_the_field() {
    let mut order = order();
    let error =
        Keeper::read(r#"{"first_line":"b","price":"c","seats":{}}"#, &mut order).unwrap_err();
    assert_eq!(error.what(), "the field `price`");
    assert_eq!(order, self::order());
    let error = Keeper::read(r#"{"first_line":"b","seats":{}}"#, &mut order).unwrap_err();
    assert_eq!(error.source.to_string(), "missing field `price`");
    assert_eq!(
        Keeper::read("[]", &mut order).unwrap_err().what(),
        "the store"
    );
}

#[test]
fn what_serde_wrote_before_is_read_by_its_names() {
    let text = serde_json::to_string(&Order {
        seats: HashMap::new(),
        paid: None,
        ..order()
    })
    .unwrap();
    assert!(text.contains("firstLine"));
    let mut back = Order::default();
    Keeper::read(&text, &mut back).unwrap();
    assert_eq!(back.first_line, "a");
    Keeper::read(r#"{"first_line":"b","price":1,"seats":{}}"#, &mut back).unwrap();
    assert_eq!(
        (
            back.first_line.as_str(),
            back.paid,
            back.cents,
            back.tags.len()
        ),
        ("b", None, 0, 0)
    );
}

#[test]
fn one_field_is_filled_and_its_type_is_known() {
    let mut order = order();
    let field = |name| Order::STORE.field(name).unwrap();
    Keeper::fill(field("paid"), "true", &mut order).unwrap();
    assert_eq!(
        order,
        Order {
            paid: Some(Some(true)),
            ..self::order()
        }
    );
    assert!(Keeper::fill(field("paid"), "12", &mut order).is_err());
    assert_eq!(order.paid, Some(Some(true)));
    let fits = Keeper::fits(field("cents"), &mut order).unwrap();
    assert!(fits("\"12\"").is_ok() && fits("12").is_err());
    assert!(Keeper::fits(field("client"), &mut order).is_none());
}

#[test]
fn hashes_tell_stores_apart_by_field() {
    let mut other = Order {
        price: 0.3,
        client: Client(7),
        ..order()
    };
    let (a, b) = (
        Keeper::hashes(&mut order()).unwrap(),
        Keeper::hashes(&mut other).unwrap(),
    );
    let differ: Vec<_> = a
        .iter()
        .filter(|(name, hash)| b[*name] != **hash)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!((a.len(), differ), (6, vec!["price"]));
}

#[test]
fn what_another_process_has_changed_is_taken_over() {
    let (mut keeper, mut store) = (Keeper::default(), order());
    keeper.write(&mut store).unwrap();
    keeper.stored();
    let size = keeper.size();
    // What this process has done in the meantime does not count.
    store.first_line = "lost".into();
    keeper.apply(r#"{"price":17.5}"#, &mut store).unwrap();
    let expected = Order {
        price: 17.5,
        ..order()
    };
    assert_eq!(store, expected);
    assert_eq!(keeper.change(&mut store).unwrap().fields, "{}");
    store.first_line = "b".repeat(1000);
    let change = keeper.change(&mut store).unwrap();
    assert!(change.fields.starts_with(r#"{"firstLine":"bb"#));
    assert!(keeper.size() > size + 900);
    assert!(keeper.apply(r#"{"price":"dear"}"#, &mut store).is_err());
}
