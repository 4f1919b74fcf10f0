//! A store that has confidential values everywhere, and nodes that copy them everywhere: a record has none
//! of them.

use std::collections::BTreeMap;

use pocketflow::{Shared, flow, node};
use pocketflow_record::{Record, Recording, note};
use proptest::prelude::*;
use serde::Serialize;

/// A store in a store. A field before the confidential one has its value as well.
#[derive(Shared, Default, Serialize, Clone)]
#[serde(rename_all = "camelCase")]
struct Desk {
    before: String,
    #[shared(redact)]
    door_code: String,
    out: Option<String>,
    drawers: Vec<Drawer>,
}

#[derive(Shared, Default, Serialize, Clone)]
struct Drawer {
    label: String,
    #[shared(redact)]
    #[serde(rename = "KEY")]
    key: Option<String>,
    copied: Option<String>,
}

/// JSON cannot hold a map with such keys.
#[derive(Serialize, Default, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Door(Vec<u8>);

#[derive(Shared, Default)]
struct Office {
    copies: Vec<String>,
    desk: Desk,
    other: Option<Box<Desk>>,
    desks: Vec<Desk>,
    by_name: BTreeMap<String, Desk>,
    copy: Option<String>,
    fresh: Option<String>,
    made: Option<Desk>,
    /// What `make` and `refresh` write.
    next: Next,
    #[shared(redact)]
    pin: u128,
    #[shared(redact)]
    doors: BTreeMap<Door, String>,
    #[shared(redact)]
    names: BTreeMap<String, u8>,
    #[shared(redact)]
    token: Option<String>,
}

/// Values that the run has not seen yet. They are not recorded.
#[derive(Default, Clone)]
struct Next {
    desk: String,
    token: String,
}

impl Serialize for Next {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

#[node(Desk, writes = out)]
async fn work(before: &str, door_code: &str) -> String {
    note("work", &(before, format!("{door_code:?}")));
    format!("used {door_code}")
}

#[node(Drawer, writes = copied)]
fn open(label: &str, key: Option<&str>) -> String {
    format!("{label} opens with {key:?}")
}

#[node(Office, writes = copy)]
fn tell(
    copy: Option<&str>,
    desk: &Desk,
    other: Option<&Desk>,
    desks: &[Desk],
    by_name: &BTreeMap<String, Desk>,
) -> String {
    let desks = [desk]
        .into_iter()
        .chain(other)
        .chain(desks)
        .chain(by_name.values());
    let codes: Vec<_> = desks
        .map(|desk| (&desk.door_code, &desk.out, &desk.drawers[0].copied))
        .collect();
    format!("{copy:?} {codes:?}")
}

/// Writes a store with a value that is new.
#[node(Office, writes = made)]
fn make(next: &Next) -> Desk {
    Desk {
        before: next.desk.clone(),
        door_code: next.desk.clone(),
        ..Desk::default()
    }
}

/// Writes a confidential field, and the same value to a field before it.
struct Refresh;

#[node(Office)]
impl Refresh {
    fn exec(&self, next: &Next) -> String {
        next.token.clone()
    }

    fn post(&self, shared: &mut Office, exec: String) {
        shared.fresh = Some(format!("fresh: {exec}"));
        shared.token = Some(exec);
    }
}

#[node(Office, appends = copies)]
async fn copy(
    token: Option<&str>,
    pin: &u128,
    doors: &BTreeMap<Door, String>,
    names: &BTreeMap<String, u8>,
) -> [String; 4] {
    note(token.unwrap(), &names);
    [
        format!("{:?}", token.unwrap()),
        format!("{pin}"),
        format!("{:?}", doors.values()),
        format!("{names:?}"),
    ]
}

/// Fails with all that it knows.
#[node(Office, attempts = 2)]
async fn fail(
    desk: &Desk,
    copies: &[String],
    made: &Desk,
    token: Option<&str>,
) -> Result<(), String> {
    Err(format!(
        "{} {copies:?} {} {token:?}",
        desk.door_code, made.door_code
    ))
}

flow! { Open { open; } }
flow! { TellAgain: Office { tell; } }
flow! { Work: Desk { work >> Open.each(drawers); } }
flow! {
    Day(other): Office {
        Work.on(desk) >> tell >> (Work.on(other), Work.each(desks)) >> Work.each(by_name) >> TellAgain >> make
            >> Refresh >> copy >> fail;
    }
}

fn desk(code: &str, key: &str) -> Desk {
    let drawer = Drawer {
        label: format!("not {key}"),
        key: Some(key.to_owned()),
        copied: None,
    };
    Desk {
        before: format!("{code} was here"),
        door_code: code.to_owned(),
        out: None,
        drawers: vec![drawer],
    }
}

fn office(secrets: &[String], pin: u128) -> Office {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = secrets else {
        panic!()
    };
    Office {
        copies: secrets[..9].to_vec(),
        desk: desk(a, b),
        other: Some(Box::new(desk(c, d))),
        desks: vec![desk(e, f), desk(a, f)],
        by_name: BTreeMap::from([(g.clone(), desk(g, h))]),
        next: Next {
            desk: i.clone(),
            token: j.clone(),
        },
        pin,
        doors: BTreeMap::from([(Door(vec![1]), k.clone())]),
        names: BTreeMap::from([(l.clone(), 1)]),
        ..Office::default()
    }
}

/// A text, and how other texts contain it.
fn forms(secret: &str) -> Vec<String> {
    let quoted = |text: &str| {
        [serde_json::to_string(text).unwrap(), format!("{text:?}")]
            .map(|it| it[1..it.len() - 1].to_owned())
    };
    let once = quoted(secret);
    let twice = once.iter().flat_map(|once| quoted(once));
    [secret.to_owned()]
        .into_iter()
        .chain(twice)
        .chain(once.clone())
        .collect()
}

fn check(secrets: &[String], pin: u128) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let record = Record::in_memory();
    let mut office = office(secrets, pin);
    // What only the nodes know is confidential as well, once it is in the store.
    office.copies.truncate(8);
    runtime
        .block_on(Day.with(&record).run(&mut office))
        .unwrap_err();
    let text = record.text();
    for secret in secrets.iter().chain([&pin.to_string()]) {
        for form in forms(secret) {
            assert!(!text.contains(&form), "{form} is in the record:\n{text}");
        }
    }
    let recording = Recording::read(&text).unwrap();
    let day = recording
        .runs()
        .iter()
        .find(|run| run.run.parent.is_none())
        .unwrap();
    // All steps have run, and the last one has failed.
    assert_eq!(day.steps.len(), 9, "{text}");
    assert!(
        day.state_at_end()
            .get("copy")
            .unwrap()
            .contains("[redacted]")
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_record_has_no_confidential_value(
        secrets in prop::collection::vec("[QXZ][ A-Zäß∂🦀\"'\\\\\n\t{}:,\\[\\]]{5,14}[QXZ]", 12),
        pin in 1_u128 << 100..u128::MAX,
    ) {
        check(&secrets, pin);
    }
}

#[derive(Shared, Default)]
struct Stream {
    text: String,
    rest: Vec<String>,
    #[shared(redact)]
    key: String,
}

#[node(Stream, writes = text)]
fn first(text: &str, rest: &[String]) -> String {
    format!("{text}{}", rest[0])
}

#[node(Stream, writes = text)]
fn second(text: &str, rest: &[String]) -> String {
    format!("{text}{}", rest[1])
}

flow! { Receive: Stream { first >> second; } }

#[tokio::test]
async fn a_text_that_comes_in_two_parts_is_found() {
    let record = Record::in_memory();
    let mut stream = Stream {
        text: "x".repeat(1_000),
        rest: vec![
            format!("{} key-4", "y".repeat(500)),
            format!("711 {}", "z".repeat(500)),
        ],
        key: "key-4711".into(),
    };
    Receive.with(&record).run(&mut stream).await.unwrap();
    let recording = Recording::read(record.text()).unwrap();
    let end = recording.runs()[0].state_at_end();
    let text = end.get("text").unwrap();
    assert!(
        text.contains("y [redacted] z") && !text.contains("key-4711"),
        "{text}"
    );
}

#[derive(Shared, Default)]
struct Customers {
    copies: Vec<String>,
    #[shared(redact)]
    keys: Vec<String>,
}

#[node(Customers, writes = copies)]
fn copy_all(keys: &[String]) -> Vec<String> {
    keys.iter().map(|key| format!("<{key}>")).collect()
}

flow! { CopyAll: Customers { copy_all; } }

#[tokio::test]
async fn no_number_of_confidential_values_is_too_large() {
    let record = Record::in_memory();
    let keys = (0..5_000)
        .map(|number| format!("key-{number:05}"))
        .collect();
    let mut customers = Customers {
        keys,
        ..Customers::default()
    };
    CopyAll.with(&record).run(&mut customers).await.unwrap();
    let text = record.text();
    assert!(!text.contains("key-"), "{text}");
    assert_eq!(text.matches("<[redacted]>").count(), 10_000);
}
