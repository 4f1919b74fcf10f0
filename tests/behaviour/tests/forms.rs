//! The forms of a node: every kind of parameter, and every use of its value.

use std::collections::{BTreeMap, HashSet};

use pocketflow::{Action, Shared, flow, node};

/// A store and nodes that other modules name with paths.
mod stores {
    use std::borrow::Cow;

    type Maybe<T> = Option<T>;

    #[derive(pocketflow::Shared, Default, Debug)]
    pub(crate) struct Everything {
        pub name: String,
        pub bytes: Vec<u8>,
        pub count: u64,
        pub words: HashSet<String>,
        pub table: BTreeMap<String, u64>,
        pub late: Option<String>,
        pub alias: Maybe<Vec<u8>>,
        pub text: Option<Cow<'static, str>>,
        pub r#type: Option<String>,
    }

    use super::{BTreeMap, HashSet};
}

mod steps {
    use pocketflow::node;

    use super::stores;

    #[node(stores::Everything, writes = late)]
    pub(crate) async fn fill(name: &str) -> String {
        name.to_uppercase()
    }
}

use stores::Everything;

fn everything() -> Everything {
    Everything {
        name: "a".into(),
        bytes: vec![1],
        count: 2,
        ..Default::default()
    }
}

#[node(Everything, writes(alias, text, count))]
fn tuple(bytes: &[u8], count: &u64) -> (Vec<u8>, std::borrow::Cow<'static, str>, u64) {
    (bytes.to_vec(), "cow".into(), count + 1)
}

#[node(Everything, appends = words)]
fn more_words(late: &str, text: Option<&str>) -> Vec<String> {
    vec![late.to_owned(), text.unwrap_or("none").to_owned()]
}

#[node(Everything, appends = name)]
fn longer(late: &String, count: &u64) -> String {
    format!(" {late} {count}")
}

#[node(Everything, appends = table)]
fn rows(count: &u64) -> [(String, u64); 1] {
    [("count".into(), *count)]
}

#[node(Everything, appends = late)]
fn starts_a_late_field() -> &'static str {
    "started"
}

#[node(Everything, writes = r#type)]
fn raw(name: &str) -> String {
    name.into()
}

#[node(Everything)]
fn reads_raw(r#type: &str) {
    assert_eq!(r#type, "a");
}

#[tokio::test]
async fn fields_are_borrowed_filled_and_extended() {
    let mut all = everything();
    flow! { steps::fill >> more_words >> tuple >> longer >> rows >> raw >> last; last: steps::fill; }
        .run(&mut all)
        .await
        .unwrap();
    assert_eq!(all.words, HashSet::from(["A".into(), "none".into()]));
    assert_eq!(
        (all.alias, all.text.as_deref(), all.count),
        (Some(vec![1]), Some("cow"), 3)
    );
    assert_eq!(all.name, "a A 3");
    assert_eq!(all.table["count"], 3);
    assert_eq!(all.late.as_deref(), Some("A A 3"));
}

#[tokio::test]
async fn a_late_field_is_started_by_what_is_appended() {
    let mut all = everything();
    flow! { starts_a_late_field >> longer; }
        .run(&mut all)
        .await
        .unwrap();
    assert_eq!(all.name, "a started 2");
}

#[tokio::test]
async fn raw_identifiers_are_names_too() {
    flow! { raw >> reads_raw; }
        .run(&mut everything())
        .await
        .unwrap();
}

#[test]
fn an_alias_of_option_is_late() {
    let late: Vec<_> = Everything::STORE
        .fields
        .iter()
        .filter(|field| field.late)
        .map(|f| f.name)
        .collect();
    assert_eq!(late, ["late", "alias", "text", "type"]);
}

/// Borrows from the store in `prep`, with a lifetime.
struct Longest;

#[node(Everything, writes = late)]
impl Longest {
    fn prep<'s>(&self, name: &'s str, bytes: &[u8]) -> std::io::Result<&'s str> {
        if bytes.is_empty() {
            Err(std::io::Error::other("no bytes"))
        } else {
            Ok(name)
        }
    }

    async fn exec(&self, prep: &str, count: &u64) -> String {
        prep.repeat(usize::try_from(*count).unwrap())
    }
}

#[tokio::test]
async fn prep_may_borrow_and_may_fail() {
    let mut all = everything();
    flow! { Longest; }.run(&mut all).await.unwrap();
    assert_eq!(all.late.as_deref(), Some("aa"));

    all.bytes.clear();
    let error = flow! { Longest; }.run(&mut all).await.unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "flow > Longest: prep failed: no bytes"
    );
}

/// Borrows the whole store, as in PocketFlow for Python.
struct Whole;

#[node(Everything, reads(name), writes(late))]
impl Whole {
    fn prep(shared: &Everything) -> usize {
        shared.name.len() + shared.bytes.len()
    }

    fn exec(&self, prep: &usize) -> usize {
        prep * 10
    }

    fn post(&self, shared: &mut Everything, prep: usize, exec: &usize) {
        shared.late = Some(format!("{prep} {exec}"));
    }
}

#[tokio::test]
async fn a_step_may_borrow_the_whole_store() {
    let mut all = everything();
    flow! { Whole >> longer; }.run(&mut all).await.unwrap();
    assert_eq!(all.name, "a 2 20 2");
}

#[derive(Action)]
#[action(Everything)]
enum Sorted {
    Small {
        late: String,
        count: u64,
    },
    #[action("very-large")]
    Large,
}

#[node(Everything)]
fn sort(count: &u64) -> Sorted {
    if *count < 10 {
        Sorted::Small {
            late: "small".into(),
            count: count * 2,
        }
    } else {
        Sorted::Large
    }
}

#[tokio::test]
async fn an_action_writes_its_fields_when_it_is_taken() {
    let sorted = flow! { sort - "small" >> longer; sort - "very-large" >> end "large"; };
    let mut all = everything();
    sorted.run(&mut all).await.unwrap();
    assert_eq!((all.name.as_str(), all.count), ("a small 4", 4));

    let mut all = Everything {
        count: 10,
        ..everything()
    };
    sorted.run(&mut all).await.unwrap();
    assert_eq!((all.late, all.count), (None, 10));
}

/// A private store and private actions under a public flow.
mod private {
    use super::*;

    #[derive(Shared, Default)]
    struct Secret {
        open: bool,
    }

    #[derive(Action)]
    enum Door {
        In,
        Out,
    }

    #[node(Secret)]
    fn knock(open: &bool) -> Door {
        if *open { Door::In } else { Door::Out }
    }

    flow! {
        /// Lets in, or not.
        pub(crate) Gate { knock - "in" >> end "in"; knock - "out" >> end; }
    }

    #[tokio::test]
    async fn may_stand_under_a_public_flow() {
        assert_eq!(
            Gate.run(&mut Secret::default()).await.unwrap(),
            GateExit::Default
        );
        assert_eq!(
            Gate.run(&mut Secret { open: true }).await.unwrap(),
            GateExit::In
        );
    }
}

/// Names that the macros use internally.
mod names {
    use pocketflow::{flow, node};

    #[derive(pocketflow::Shared, Default)]
    struct D {
        shared: u64,
        exec: Option<u64>,
    }

    struct S;

    #[node(D, writes = exec)]
    impl S {
        fn exec(&self) -> u64 {
            1
        }
    }

    #[node(D, writes = shared)]
    fn place(exec: &u64) -> u64 {
        exec + 1
    }

    #[node(D, writes = shared)]
    async fn action(shared: &u64) -> u64 {
        shared + 1
    }

    flow! { Flow { S >> place >> action; } }

    #[tokio::test]
    async fn may_be_the_users_too() {
        let mut d = D::default();
        Flow.run(&mut d).await.unwrap();
        assert_eq!(d.shared, 3);
    }
}

/// PF011 can be silenced where the flow is declared.
mod overwritten {
    #![deny(deprecated)]

    use super::*;

    flow! {
        #[allow(deprecated)]
        Twice { first: steps::fill; first >> steps::fill; }
    }

    #[tokio::test]
    async fn on_purpose() {
        Twice.run(&mut everything()).await.unwrap();
    }
}

/// The result of a search.
#[derive(Debug, Default, PartialEq)]
struct SearchResult {
    hits: usize,
}

/// The decision of a search.
#[derive(pocketflow::Action)]
enum ReviewResult {
    Found,
}

#[derive(pocketflow::Shared, Default)]
struct Searched {
    words: Vec<String>,
    found: Option<SearchResult>,
    each: Option<Vec<SearchResult>>,
}

#[pocketflow::node(Searched, writes = found)]
async fn look(words: &[String]) -> SearchResult {
    SearchResult { hits: words.len() }
}

#[pocketflow::node(Searched, writes = each, parallel = 2)]
async fn look_at_each(#[each(words)] word: &str) -> SearchResult {
    SearchResult { hits: word.len() }
}

struct Judge;

#[pocketflow::node(Searched)]
impl Judge {
    fn exec(&self, found: &SearchResult) -> SearchResult {
        SearchResult {
            hits: found.hits * 2,
        }
    }

    fn post(&self, words: &mut Vec<String>, exec: SearchResult) {
        words.push(exec.hits.to_string());
    }
}

#[pocketflow::node(Searched)]
fn conclude_search(found: &SearchResult) -> ReviewResult {
    assert_eq!(found.hits, 2);
    ReviewResult::Found
}

#[tokio::test]
async fn a_name_that_ends_in_result_is_that_of_a_plain_value() {
    let search = pocketflow::flow! {
        look >> look_at_each >> Judge >> conclude_search;
        conclude_search - "found" >> end;
    };
    let mut store = Searched {
        words: vec!["one".into(), "three".into()],
        ..Default::default()
    };
    search.run(&mut store).await.unwrap();
    assert_eq!(
        store.each.unwrap(),
        [SearchResult { hits: 3 }, SearchResult { hits: 5 }]
    );
    assert_eq!(store.words.last().unwrap(), "4");
}
