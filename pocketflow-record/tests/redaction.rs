//! Nothing confidential is anywhere in a record.

use pocketflow::{Shared, flow, node};
use pocketflow_record::{ModelCall, Record, Recorded, Recording, note};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Texts that must not appear, and a number.
const CARD: &str = "4111-1111-1111-1111";
const TOKEN: &str = "tok_\"quoted\"_ä_77";
const KEY: &str = "inner-key-12345";
const PIN: u64 = 987_654_321;

#[derive(Shared, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Customer {
    name: String,
    #[shared(redact)]
    api_key: String,
    greeting: Option<String>,
}

#[derive(Shared, Default)]
struct Order {
    total: u64,
    #[shared(redact)]
    card: String,
    #[shared(redact)]
    pin: u64,
    #[shared(redact)]
    token: Option<String>,
    log: Vec<String>,
    customers: Vec<Customer>,
    receipt: Option<String>,
}

fn order() -> Order {
    let customer = |name: &str| Customer {
        name: name.into(),
        api_key: KEY.into(),
        greeting: None,
    };
    Order {
        total: 17,
        card: CARD.into(),
        pin: PIN,
        customers: vec![customer("Ada"), customer("Bob")],
        ..Order::default()
    }
}

/// The record, after a check that nothing confidential is in it.
fn clean(record: &Record) -> String {
    let text = record.text();
    let json = serde_json::to_string(TOKEN).unwrap();
    let pin = PIN.to_string();
    for secret in [CARD, TOKEN, &json[1..json.len() - 1], KEY, &*pin] {
        assert!(!text.contains(secret), "{secret} is in the record:\n{text}");
    }
    Recording::read(&text).unwrap();
    text
}

#[node(Order, writes = token)]
async fn authorize(card: &str, pin: &u64) -> Result<String, String> {
    note("request", &json!({ "card": card, "pin": pin, card: 1 }));
    ModelCall::new(card).tokens(1, 2).note();
    Ok(TOKEN.into())
}

/// Copies what is confidential into other fields, and into what it returns.
#[node(Order, appends = log)]
async fn write_log(card: &str, token: &str, pin: &u64) -> [String; 2] {
    [
        format!("paid with {card}, {pin}"),
        format!("token={token:?}"),
    ]
}

#[node(Order, writes = receipt, attempts = 2)]
async fn pay(card: &str, token: &str) -> Result<String, String> {
    Err(format!("the bank refused {card} with {token}"))
}

/// A `post` that may write any field. It writes the token if there is something to pay.
struct Rotate;

#[node(Order)]
impl Rotate {
    async fn exec(&self, total: &u64) -> String {
        format!("new-token-{total}")
    }

    fn post(&self, shared: &mut Order, exec: String) {
        match shared.total {
            0 => shared.receipt = Some(exec),
            _ => shared.token = Some(exec),
        }
    }
}

#[node(Customer, writes = greeting)]
async fn greet(name: &str, api_key: &str) -> Result<String, String> {
    match name {
        "Bob" => Err(format!("no greeting for {api_key}")),
        name => Ok(format!("Hello {name}, your key is {api_key}")),
    }
}

flow! { Pay: Order { authorize >> write_log >> pay; } }
flow! { Greet { greet; } }
flow! { GreetAll: Order { Greet.each(customers); } }
flow! { Renew: Order { Rotate; } }

#[tokio::test]
async fn neither_fields_nor_execs_nor_notes_nor_errors_contain_it() {
    let record = Record::in_memory();
    Pay.with(&record).run(&mut order()).await.unwrap_err();
    let text = clean(&record);
    let recording = Recording::read(&text).unwrap();
    let run = &recording.runs()[0];
    assert_eq!(run.run.redacted, ["card", "pin", "token"]);
    let start = run.state_at_start();
    assert_eq!(start.get("card"), Some(r#"{"$redacted":true}"#));
    assert_eq!(start.get("pin"), Some(r#"{"$redacted":true}"#));
    // That a field is empty is not confidential.
    assert_eq!(start.get("token"), Some("null"));
    assert_eq!(
        run.state_after(1).get("token"),
        Some(r#"{"$redacted":true}"#)
    );

    let [authorize, write_log, pay] = &run.steps[..] else {
        panic!()
    };
    // It writes a confidential field.
    assert!(authorize.execs[0].redacted && authorize.execs[0].value.is_none());
    // Only parts of this are confidential.
    let value = write_log.execs[0].value.as_ref().unwrap();
    assert!(write_log.execs[0].redacted);
    assert_eq!(
        value.value().unwrap(),
        json!(["paid with [redacted], [redacted]", "token=\"[redacted]\""])
    );
    assert_eq!(
        authorize.notes[0].value.value().unwrap(),
        json!({ "card": "[redacted]", "pin": { "$redacted": true }, "[redacted]": 1 })
    );
    assert_eq!(
        pay.attempts[1].error,
        ["the bank refused [redacted] with [redacted]"]
    );
}

#[tokio::test]
async fn the_stores_in_a_field_are_redacted_inside_and_outside() {
    let record = Record::in_memory();
    GreetAll.with(&record).run(&mut order()).await.unwrap_err();
    let text = clean(&record);
    let recording = Recording::read(&text).unwrap();
    let [outer, ada, _] = recording.runs() else {
        panic!()
    };
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(outer.state_at_start().get("customers").unwrap())
            .unwrap()[0],
        json!({ "name": "Ada", "apiKey": { "$redacted": true }, "greeting": null })
    );
    assert_eq!(
        ada.state_at_end().get("greeting"),
        Some(r#""Hello Ada, your key is [redacted]""#)
    );
}

#[tokio::test]
async fn what_a_post_may_write_decides_about_the_exec() {
    let record = Record::in_memory();
    Renew.with(&record).run(&mut order()).await.unwrap();
    let text = clean(&record);
    assert!(!text.contains("new-token"), "{text}");
    let recording = Recording::read(&text).unwrap();
    assert!(recording.runs()[0].steps[0].execs[0].redacted);

    let record = Record::in_memory();
    let mut order = Order {
        total: 0,
        ..order()
    };
    Renew.with(&record).run(&mut order).await.unwrap();
    let recording = Recording::read(clean(&record)).unwrap();
    let exec = &recording.runs()[0].steps[0].execs[0];
    assert_eq!(exec.value.as_ref().unwrap().text(), r#""new-token-0""#);
    assert!(!exec.redacted);
}

#[tokio::test]
async fn a_function_redacts_the_rest() {
    let record = Record::in_memory().redact(|what, value| match what {
        Recorded::Field {
            store: "Order",
            field: "total",
        } => *value = json!("a number"),
        Recorded::Exec { node: "write_log" } => *value = json!(null),
        Recorded::Note {
            name: "request", ..
        } => *value = json!({}),
        Recorded::Error if value.as_str().unwrap().contains("refused") => *value = json!("refused"),
        _ => {}
    });
    Pay.with(&record).run(&mut order()).await.unwrap_err();
    let recording = Recording::read(clean(&record)).unwrap();
    let run = &recording.runs()[0];
    assert_eq!(run.state_at_end().get("total"), Some(r#""a number""#));
    let exec = &run.steps[1].execs[0];
    assert_eq!(
        (exec.value.as_ref().unwrap().text(), exec.redacted),
        ("null", true)
    );
    assert_eq!(run.steps[0].notes[0].value.text(), "{}");
    assert_eq!(run.steps[2].attempts[0].error, ["refused"]);
    assert_eq!(run.end.as_ref().unwrap().error[1], "refused");
}

#[tokio::test]
async fn the_context_never_appears() {
    struct Services {
        secret: String,
    }
    #[derive(Shared, Default)]
    #[shared(context = Services)]
    struct Chat {
        length: usize,
    }
    #[node(Chat, writes = length)]
    fn ask(#[context] secret: &str) -> usize {
        secret.len()
    }
    flow! { Ask { ask; } }
    let services = Services { secret: KEY.into() };
    let record = Record::in_memory();
    Ask.with(&record)
        .context(&services)
        .run(&mut Chat::default())
        .await
        .unwrap();
    let recording = Recording::read(clean(&record)).unwrap();
    assert_eq!(recording.graphs()[0].context.as_deref(), Some("Services"));
    assert_eq!(recording.runs()[0].state_at_end().get("length"), Some("15"));
}

/// A store that contains stores of its own type, and one with a flattened field.
#[derive(Shared, Default, Serialize)]
struct Folder {
    name: String,
    #[shared(redact)]
    #[serde(rename = "Password")]
    password: String,
    folders: Vec<Folder>,
}

#[derive(Default, Serialize)]
struct Address {
    street: String,
}

#[derive(Shared, Default, Serialize)]
struct Person {
    name: String,
    #[shared(redact)]
    #[serde(flatten)]
    address: Address,
}

#[derive(Shared, Default)]
struct Disk {
    root: Folder,
    owner: Option<Box<Person>>,
    size: usize,
}

#[node(Disk, writes = size)]
fn measure(root: &Folder) -> usize {
    root.folders.len()
}

flow! { Measure { measure; } }

#[tokio::test]
async fn stores_in_stores_are_redacted_at_any_depth() {
    let folder = |name: &str, folders| Folder {
        name: name.into(),
        password: KEY.into(),
        folders,
    };
    let mut disk = Disk {
        root: folder("a", vec![folder("b", vec![folder("c", vec![])])]),
        owner: Some(Box::new(Person {
            name: "Ada".into(),
            address: Address {
                street: CARD.into(),
            },
        })),
        size: 0,
    };
    let record = Record::in_memory();
    Measure.with(&record).run(&mut disk).await.unwrap();
    let text = clean(&record);
    assert!(
        text.contains(r#""name":"c","Password":{"$redacted":true}"#)
            || text.contains(r#"{"Password":{"$redacted":true},"folders":[],"name":"c"}"#),
        "{text}"
    );
    let recording = Recording::read(&text).unwrap();
    // Nobody knows which members are those of the flattened field.
    let owner = recording.runs()[0].run.shared.get("owner").unwrap();
    assert!(owner.is_redacted());
}
