//! Flows and derives next to names that they might confuse: names, fields and types of the user
//! that generated code might take for its own, and the other way round.

use pocketflow::{Action, Shared, flow, node};

/// The words that generated code could use internally, as fields of a store and of an action.
#[derive(Shared, Default)]
struct Words {
    shared: u8,
    kept: Option<u8>,
    prep: Option<u8>,
    exec: Option<u8>,
    error: Option<u8>,
    item: Option<u8>,
    self_: Option<u8>,
    get: Option<u8>,
    here: Option<u8>,
    place: Option<u8>,
    cursor: Option<u8>,
    action: Option<u8>,
    field: Option<u8>,
    index: Option<u8>,
    r#type: Option<u8>,
    r#match: Option<u8>,
}

#[derive(Action)]
#[action(Words)]
#[allow(dead_code)]
enum Fills {
    All {
        shared: u8,
        kept: u8,
        prep: u8,
        exec: u8,
        error: u8,
        item: u8,
        self_: u8,
        get: u8,
        here: u8,
        place: u8,
        cursor: u8,
        action: u8,
        field: u8,
        index: u8,
        r#type: u8,
        r#match: u8,
    },
    None(),
    Braces {},
}

#[node(Words)]
fn fill(kept: Option<&u8>) -> Fills {
    match kept {
        Some(_) => Fills::None(),
        None => Fills::All {
            shared: 1,
            kept: 2,
            prep: 3,
            exec: 4,
            error: 5,
            item: 6,
            self_: 7,
            get: 8,
            here: 9,
            place: 10,
            cursor: 11,
            action: 12,
            field: 13,
            index: 14,
            r#type: 15,
            r#match: 16,
        },
    }
}

mod takes {
    use super::{Words, node};

    #[node(Words)]
    pub(super) fn r#match() {}
}

flow! {
    Filling(kept, error, item, get, here, place, cursor, r#type, r#match) {
        fill - "all" >> takes::r#match >> end;
        fill - "none" >> end "match";
        fill - "braces" >> end "type";
    }
}

flow! { Waits(r#match) { takes::r#match >> await(r#type) >> end "r#x"; } }

#[tokio::test]
async fn a_field_may_have_any_name() {
    let mut words = Words {
        kept: None,
        ..Words::default()
    };
    let flow = flow! { fill - "all" >> end "all"; fill - "none" >> end; fill - "braces" >> end; };
    flow.run(&mut words).await.unwrap();
    assert_eq!(
        (words.shared, words.kept, words.r#type, words.r#match),
        (1, Some(2), Some(15), Some(16))
    );
    assert_eq!(
        (words.self_, words.cursor, words.index),
        (Some(7), Some(11), Some(14))
    );
    let exit = Filling.run(&mut words).await.unwrap();
    assert_eq!(exit, FillingExit::Match);
    assert!(
        !Fills::ACTIONS
            .iter()
            .any(|action| action.writes.iter().any(|field| field.contains('#')))
    );
}

#[test]
fn a_raw_name_is_shown_as_it_is_meant() {
    let graph = Filling::GRAPH;
    let names: Vec<_> = graph.places.iter().map(|place| place.name).collect();
    assert_eq!(names, ["fill", "match"]);
    assert!(graph.inputs.contains(&"type") && graph.inputs.contains(&"match"));
    assert!(!graph.to_string().contains("r#"), "{graph}");
    assert_eq!(Waits::GRAPH.places[1].name, "await(type)");
}

#[tokio::test]
async fn an_empty_input_is_named_as_it_is_meant() {
    let mut words = Words {
        kept: Some(0),
        error: Some(0),
        item: Some(0),
        ..Words::default()
    };
    (words.get, words.here, words.place, words.cursor) = (Some(0), Some(0), Some(0), Some(0));
    let error = format!("{:?}", Filling.run(&mut words).await.unwrap_err());
    assert!(error.contains("`type`") && !error.contains("r#"), "{error}");
}

mod plain {
    use super::{Action, Shared, node};

    #[derive(Shared, Default)]
    pub(super) struct Line {
        pub(super) count: u8,
        pub(super) note: Option<String>,
    }

    #[derive(Action)]
    pub(super) enum Turn {
        Send,
        Ok,
        Some,
        None,
        Err,
        Default,
    }

    #[node(Line, writes = count)]
    pub(super) fn step(count: &u8) -> u8 {
        count + 1
    }

    #[node(Line)]
    pub(super) fn turn(count: &u8) -> Turn {
        match count % 6 {
            0 => Turn::Send,
            1 => Turn::Ok,
            2 => Turn::Some,
            3 => Turn::None,
            4 => Turn::Err,
            _ => Turn::Default,
        }
    }

    #[node(Line)]
    pub(super) fn turn_free() {}

    pub(super) struct Counts {
        pub(super) by: u8,
    }

    #[node(Line)]
    impl Counts {
        fn exec(&self) -> u8 {
            self.by
        }
        fn post(&self, count: &mut u8, exec: u8) {
            *count += exec;
        }
    }
}

mod nodes {
    use super::node;
    use super::plain::Line;

    pub(super) mod types {
        pub(crate) struct Send {}
        pub(crate) struct Sized;
        pub(crate) struct Clone;
        pub(crate) struct Default;
        pub(crate) struct Option;
        pub(crate) struct Future;
        pub(crate) struct Cursor;
    }

    macro_rules! nodes {
        ($($name:ident)*) => { $(
            #[node(Line)]
            impl types::$name {
                fn exec(&self) {}
            }
        )* };
    }
    nodes!(Send Sized Clone Default Option Future Cursor);
}

/// Nodes that have the names of commonly imported items and shadow them.
mod nodes_like_traits {
    use super::flow;
    use super::nodes::types::*;
    use super::plain::step;

    flow! {
        pub(super) All {
            Send >> Sized >> Clone >> Default >> Option >> Future >> Cursor >> step;
        }
    }

    flow! { pub(super) Result { step; } }
    flow! { pub(super) Ok { step >> (Send, Clone) >> Result; } }
}

/// Every variant is in scope, and so are constants with the names of variables.
#[allow(
    non_upper_case_globals,
    non_camel_case_types,
    dead_code,
    unused_imports
)]
mod hijacked {
    use super::plain::Turn::*;
    use super::plain::{Counts, step, turn};
    use super::{Action, Shared, flow};

    pub(super) static shared: u8 = 1;
    pub(super) const place: u8 = 2;
    pub(super) const action: usize = 3;
    pub(super) struct cursor;
    pub(super) struct here(u8);
    pub(super) static get: u8 = 4;
    pub(super) const index: usize = 0;
    pub(super) const flow_: u8 = 0;
    pub(super) struct driver;
    pub(super) const field: usize = 1;

    #[derive(Shared, ::std::default::Default)]
    pub(super) struct Store {
        pub(super) field: ::std::option::Option<u8>,
        pub(super) shared: u8,
    }

    #[derive(Action)]
    #[action(Store)]
    pub(super) enum Sets {
        Send { field: u8, shared: u8 },
        Ok,
    }

    flow! {
        pub(super) Hijacked {
            counts: Counts;
            step >> counts >> turn;
            turn - "send" >> end "send";
            turn - "ok" >> end "ok";
            turn - "some" >> end "some";
            turn - "none" >> step max 2 else end "none";
            turn - "err" >> end "err";
            turn >> end;
        }
    }
}

/// Types of the user with the names of primitive types and of prelude items.
#[allow(non_camel_case_types, dead_code)]
mod types_like_primitives {
    use super::plain::step;
    use super::{Action, Shared, flow};

    struct usize;
    struct u32;
    struct u64;
    struct bool;
    struct str;
    struct Option;
    struct Result;
    struct Future;
    trait Send {}
    trait Copy {}
    trait Clone {}
    trait Default {}

    #[derive(Shared)]
    pub(super) struct Store {
        pub(super) late: ::std::option::Option<u8>,
        pub(super) plain: u8,
    }

    #[derive(Action)]
    #[action(Store)]
    pub(super) enum Sets {
        Some { late: u8 },
        None,
    }

    flow! { pub(super) Steps { step >> step2; step2: step; } }
    flow! { pub(super) Bounded(note) { step >> Steps >> step max 3 else end "out"; } }
    flow! { pub(super) Waits { step >> await(note) >> end "out"; } }
}

/// Methods of the user on every type, with the names of methods that generated code calls.
#[allow(dead_code, clippy::should_implement_trait)]
mod blanket_methods {
    use super::plain::step;
    use super::{Action, Shared, flow};

    pub(super) trait Everything: Sized {
        const LATE: u8 = 0;
        const __GRAPH: u8 = 0;
        fn next(self) {}
        fn start(self) {}
        fn here(self) {}
        fn site(self) {}
        fn node(self) {}
        fn step(self) {}
        fn with_driver(self) {}
        fn write(self) {}
        fn filled(self) {}
        fn map(self) {}
        fn copied(self) {}
        fn words(self) {}
        fn set(self) {}
        fn max_steps(self) {}
        fn solve(self) {}
        fn check_store(self) {}
        fn take(self) {}
    }
    impl<T> Everything for T {}

    #[derive(Shared, Default)]
    pub(super) struct Store {
        pub(super) late: Option<u8>,
        pub(super) plain: u8,
    }

    #[derive(Action)]
    #[action(Store)]
    pub(super) enum Sets {
        Both { late: u8, plain: u8 },
    }

    flow! { pub(super) Steps(note) { step >> step max 2 else end; } }
}

/// Nothing is imported here except by name.
mod without_a_prelude {
    #![no_implicit_prelude]

    use super::plain;

    #[derive(::pocketflow::Shared, ::std::default::Default)]
    pub(super) struct Store {
        pub(super) late: ::std::option::Option<::std::string::String>,
        pub(super) plain: u8,
    }

    #[derive(::pocketflow::Action)]
    #[action(Store)]
    #[allow(dead_code)]
    pub(super) enum Sets {
        Both {
            late: ::std::string::String,
            plain: u8,
        },
        Neither,
        Nothing(),
    }

    ::pocketflow::flow! {
        pub(super) Steps(note) {
            other: plain::step;
            counts: plain::Counts;
            plain::step >> counts >> (other, plain::turn_free) >> plain::step max 2 else end "out";
        }
    }
    ::pocketflow::flow! { pub(super) Other { plain::step >> Inner; } }
    ::pocketflow::flow! { pub(super) Inner { plain::step; } }

    pub(super) fn expression() -> &'static ::pocketflow::Graph {
        let counts = plain::Counts { by: 1 };
        ::pocketflow::flow! { counts: plain::Counts; plain::step >> counts; }.graph()
    }
}

#[tokio::test]
async fn the_names_of_the_prelude_are_the_users() {
    let mut line = plain::Line::default();
    nodes_like_traits::All.run(&mut line).await.unwrap();
    let end = nodes_like_traits::Ok.run(&mut line).await.unwrap();
    assert_eq!((line.count, end), (3, nodes_like_traits::OkExit::Default));
    let hijacked = hijacked::Hijacked {
        counts: plain::Counts { by: 2 },
    };
    assert_eq!(
        hijacked.run(&mut line).await.unwrap(),
        hijacked::HijackedExit::Send
    );
    types_like_primitives::Steps.run(&mut line).await.unwrap();
    line.note = Some("x".into());
    let end = types_like_primitives::Bounded.run(&mut line).await.unwrap();
    assert_eq!(end, types_like_primitives::BoundedExit::Out);
    blanket_methods::Steps.run(&mut line).await.unwrap();
    let steps = without_a_prelude::Steps {
        counts: plain::Counts { by: 0 },
    };
    let end = steps.run(&mut line).await.unwrap();
    assert_eq!(end, without_a_prelude::StepsExit::Out);
    without_a_prelude::Other.run(&mut line).await.unwrap();
    assert_eq!(without_a_prelude::expression().places.len(), 2);
}

#[test]
fn the_fields_of_such_stores_are_known() {
    assert_eq!(hijacked::Store::STORE.fields.len(), 2);
    assert!(types_like_primitives::Store::STORE.fields[0].late);
    assert!(!types_like_primitives::Store::STORE.fields[1].late);
    assert!(blanket_methods::Store::STORE.fields[0].late);
    let store = without_a_prelude::Store {
        late: None,
        plain: 1,
    };
    assert!(!store.is_filled(0) && store.is_filled(1));
    assert_eq!(without_a_prelude::Sets::ACTIONS[2].name, "nothing");
    let _ = hijacked::Sets::Send {
        field: 1,
        shared: 1,
    };
}
