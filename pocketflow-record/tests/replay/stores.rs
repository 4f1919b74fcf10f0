//! Stores that have changed since the record, and stores with confidential members.

use pocketflow::{Shared, Stub, flow, node};
use pocketflow_record::{Replay, ReplayErrorKind, replay};
use serde::{Deserialize, Serialize};

use super::{exec_runs, record, replayed};

/// The program as it was.
mod then {
    use super::*;

    #[derive(Shared, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub(super) struct A {
        pub input: u64,
        pub total: Option<u64>,
        pub sent: Option<String>,
        pub never: Option<u8>,
    }

    #[node(A, writes = total)]
    pub(super) async fn add(input: &u64) -> u64 {
        input + 1
    }

    #[node(A, writes = sent)]
    pub(super) async fn send(total: &u64) -> String {
        format!("sent {total}")
    }

    flow! { pub(super) Add: A { add >> send; } }

    #[derive(Shared, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub(super) struct Office {
        pub desk: A,
    }

    flow! { pub(super) Work: Office { Add.on(desk); } }
}

/// The program after two fields were renamed.
macro_rules! renamed {
    ($module:ident, $(#[$amount:meta])?, $(#[$sum:meta])?) => {
        mod $module {
            use super::*;

            #[derive(Shared, Debug, Default, PartialEq, Serialize, Deserialize)]
            pub(super) struct A {
                #[serde(default)]
                $(#[$amount])?
                pub amount: u64,
                $(#[$sum])?
                pub sum: Option<u64>,
                pub sent: Option<String>,
            }

            #[node(A, writes = sum)]
            pub(super) async fn add(amount: &u64) -> u64 {
                exec_runs();
                amount + 1
            }

            #[node(A, writes = sent)]
            pub(super) async fn send(sum: &u64) -> String {
                exec_runs();
                format!("sent {sum}")
            }

            flow! { pub(super) Add: A { add >> send; } }

            #[derive(Shared, Debug, Default, PartialEq, Serialize, Deserialize)]
            pub(super) struct Office {
                pub desk: A,
            }

            flow! { pub(super) Work: Office { Add.on(desk); } }
        }
    };
}

renamed!(now, , );
renamed!(aliased, #[serde(alias = "input")], #[serde(alias = "total")]);

fn a() -> then::A {
    then::A {
        input: 41,
        ..then::A::default()
    }
}

#[tokio::test]
async fn a_field_that_was_renamed_is_missed() {
    let (text, _) = record(&then::Add, &mut a()).await;
    let error = replay(&now::Add, &text).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the fields `input` and `total` of the record are not in the store `A`, so a replay would lose what the record has there: was a field renamed?
  field `input`
    then    41
  field `total`
    then    42
  help: write `#[serde(alias = \"input\")]` on the field that was `input`; if it is gone, replay with `Replay::without_field(\"input\")`, or record the run again"
    );
    assert!(matches!(error.kind(), ReplayErrorKind::GoneFields { .. }));

    // An alias says that it was renamed, so its values are compared.
    let now = replayed::<_, aliased::A>(&aliased::Add, &text)
        .await
        .unwrap();
    assert_eq!((now.store.amount, now.store.sum), (41, Some(42)));
    let other = text.replace("{\"total\":42}", "{\"total\":43}");
    let error = replay(&aliased::Add, &other).await.unwrap_err();
    let difference = error.difference().expect("the sum differs");
    assert_eq!(difference.step, Some(1), "{error}");

    // Or the test says that they are gone.
    let again = Replay::of(&text)
        .unwrap()
        .without_field("input")
        .without_field("total");
    let now = again.run_on(&now::Add, now::A::default()).await.unwrap();
    assert_eq!(now.store.amount, 0);
}

#[tokio::test]
async fn a_field_of_an_inner_store_that_was_renamed_is_missed() {
    let mut office = then::Office { desk: a() };
    let (text, _) = record(&then::Work, &mut office).await;
    let error = replay::<_, now::Office>(&now::Work, &text)
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind(), ReplayErrorKind::GoneFields { .. }),
        "{error}"
    );
    let now = replayed::<_, aliased::Office>(&aliased::Work, &text)
        .await
        .unwrap();
    assert_eq!(now.store.desk.sum, Some(42));
}

#[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Desk {
    #[shared(redact)]
    token: String,
    size: Option<usize>,
}

#[node(Desk, writes = size)]
async fn measure(token: &str) -> usize {
    exec_runs();
    token.len()
}

flow! { Measure: Desk { measure; } }

#[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Office {
    desk: Desk,
    desks: Vec<Desk>,
    told: Option<String>,
}

#[node(Office, writes = told)]
async fn tell(desk: &Desk) -> String {
    exec_runs();
    format!("{:?}", desk.size)
}

flow! { Tell: Office { Measure.on(desk) >> tell; } }
flow! { TellAll: Office { Measure.each(desks) >> tell; } }

fn desk(token: &str) -> Desk {
    Desk {
        token: token.into(),
        size: None,
    }
}

#[tokio::test]
async fn a_confidential_member_keeps_the_value_of_the_store() {
    let mut office = Office {
        desk: desk("a secret token"),
        ..Office::default()
    };
    let (text, _) = record(&Tell, &mut office).await;
    assert!(!text.contains("a secret token"), "{text}");
    assert_eq!(replay(&Tell, &text).await.unwrap(), 1);
    let mine = Office {
        desk: desk("mine"),
        ..Office::default()
    };
    let replayed = Replay::of(&text).unwrap().run_on(&Tell, mine).await;
    let now = replayed.unwrap().store;
    assert_eq!((&*now.desk.token, now.desk.size), ("mine", Some(14)));

    // What is beside the confidential member is compared.
    let other = text.replace("\"size\":14", "\"size\":15");
    assert_ne!(other, text);
    let error = replay(&Tell, &other).await.unwrap_err().to_string();
    assert!(
        error.contains("size") && error.contains("then    15"),
        "{error}"
    );
    let stub = Stub::new().node::<measure>(|_, _| Ok(7));
    let again = Replay::of(&text).unwrap();
    let mut office = Office {
        desk: desk("a token of the test"),
        ..Office::default()
    };
    let error = Tell.with(&stub).with(&again).run(&mut office).await;
    let error = format!("{:#}", error.unwrap_err());
    assert!(error.contains("now     7"), "{error}");
    assert!(!error.contains("a token of the test"), "{error}");
}

#[tokio::test]
async fn a_confidential_member_that_nobody_has_is_named() {
    let mut office = Office {
        desks: vec![desk("the first token"), desk("the second token")],
        ..Office::default()
    };
    let store = office.clone();
    let (text, _) = record(&TellAll, &mut office).await;
    let error = replay(&TellAll, &text).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`desks[0].token` is confidential, so it is not in the record, and the store that the replay was given has nothing there: \
         give it a store that does, `Replay::of(record)?.run_on(&flow, store)`"
    );
    let replayed = Replay::of(&text).unwrap().run_on(&TellAll, store).await;
    assert_eq!(replayed.unwrap().store, office);
}

/// A text of which a part is confidential.
#[tokio::test]
async fn a_text_is_compared_around_its_confidential_part() {
    #[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
    struct Note {
        #[shared(redact)]
        token: String,
        text: Option<String>,
        length: Option<usize>,
    }

    #[node(Note, writes = length)]
    async fn length(text: &str) -> usize {
        exec_runs();
        text.len()
    }

    #[node(Note, writes(text))]
    impl Quote {
        fn prep(&self, token: &str) -> String {
            token.to_owned()
        }

        async fn exec(&self) {
            std::future::ready(()).await;
        }

        fn post(&self, prep: String, text: &mut Option<String>) {
            *text = Some(format!("it is {prep}, really"));
        }
    }

    struct Quote;
    flow! { Show: Note { quote: Quote; quote >> length; } }

    let mut note = Note {
        token: "a secret token".into(),
        ..Note::default()
    };
    let show = Show { quote: Quote };
    let (text, _) = record(&show, &mut note).await;
    assert!(text.contains("it is [redacted], really"), "{text}");
    let store = Note {
        token: "another token".into(),
        ..Note::default()
    };
    let now = Replay::of(&text).unwrap().run_on(&show, store).await;
    let now = now.unwrap().store;
    assert_eq!(now.text.as_deref(), Some("it is another token, really"));

    let other = text.replace("it is [redacted], really", "it is [redacted], perhaps");
    let error = replay(&show, &other).await.unwrap_err();
    assert!(error.difference().is_some(), "{error}");
}
