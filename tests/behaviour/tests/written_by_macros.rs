//! Flows and derives whose tokens come from `macro_rules!`, under `cfg` conditions, or for a
//! renamed library.

use pocketflow::{Action, Shared, flow, node};

/// A crate that re-exports the library.
pub mod facade {
    pub use ::pocketflow as flows;
}

macro_rules! store {
    ($(#[$meta:meta])* $vis:vis $name:ident { $($field:ident : $ty:ty),* ; $($late:ident ? $of:ty),* }) => {
        $(#[$meta])*
        #[derive(Shared, Default)]
        $vis struct $name { $($vis $field: $ty,)* $($vis $late: Option<$of>,)* }
    };
}
store!(
    /// A store from a macro.
    pub(crate) Job { count: u8, names: Vec<&'static str>; note ? String, r#type ? (u8, [u8; 2]) }
);

macro_rules! actions {
    ($store:path, $name:ident { $($variant:ident $({ $($field:ident : $ty:ty),* })? = $action:literal),* $(,)? }) => {
        #[derive(Action)]
        #[action($store)]
        enum $name { $(#[action($action)] $variant $({ $($field: $ty),* })?),* }
    };
}
actions!(crate::Job, Verdict { Fine { note: String } = "fine", Again { r#type: (u8, [u8; 2]), count: u8 } = "a|gain" });

#[node(Job)]
fn judge(count: &u8) -> Verdict {
    match count {
        0 => Verdict::Again {
            r#type: (1, [2, 3]),
            count: 1,
        },
        _ => Verdict::Fine {
            note: "fine".into(),
        },
    }
}

#[node(Job)]
fn last() {}

struct Add {
    by: u8,
}

#[node(Job)]
impl Add {
    fn exec(&self) -> u8 {
        self.by
    }
    fn post(&self, count: &mut u8, exec: u8) {
        *count += exec;
    }
}

macro_rules! flows {
    ($(#[$meta:meta])* $vis:vis $name:ident, $first:ident, $path:path, $ty:ty, $action:literal, $again:literal, $exit:literal, $max:expr, $field:ident, $input:ident) => {
        flow! {
            $(#[$meta])*
            $vis $name($input) {
                /// Adds.
                $field: $ty;
                $first - $action >> $field >> $path;
                $first - $again >> $first max $max else end $exit;
                $path >> end $exit;
            }
        }
    };
}
flows!(
    /// A flow from a macro.
    pub(crate) Judges, judge, crate::last, Add, "fine", "a|gain", "done", 3, add, r#type
);

/// The whole flow passes through the macro as tokens.
macro_rules! whole {
    ($($body:tt)*) => { flow! { $($body)* } };
}
whole! { Whole { judge - "fine" >> last; judge - "a|gain" >> judge max 2 else last; } }

/// The visibility is empty.
macro_rules! private {
    ($vis:vis $name:ident $start:ident) => {
        flow! { $vis $name { $start; } }
    };
}
private!(Private last);

macro_rules! expression {
    ($first:ident, $action:literal, $second:path, $node:ident : $ty:ty) => {{
        let $node = Add { by: 2 };
        flow! { $node: $ty; $first - $action >> $node >> $second; $first - "a|gain" >> end; }
    }};
}

/// Code from the `macro_rules!` of a library, in a crate that depends only on that library.
macro_rules! library {
    ($name:ident) => {
        pub(crate) mod $name {
            #[derive($crate::facade::flows::Shared, Default)]
            #[shared(crate = $crate::facade::flows)]
            pub(crate) struct Count {
                pub(crate) count: u8,
                pub(crate) late: Option<u8>,
            }

            #[derive($crate::facade::flows::Action)]
            #[action(Count, crate = $crate::facade::flows)]
            pub(crate) enum Parity {
                Even { late: u8 },
                Odd,
            }

            #[$crate::facade::flows::node(Count, crate = $crate::facade::flows)]
            fn parity(count: &u8) -> Parity {
                if *count % 2 == 0 { Parity::Even { late: *count } } else { Parity::Odd }
            }

            $crate::facade::flows::flow! {
                #[flow(crate = $crate::facade::flows)]
                pub(crate) Half {
                    parity - "even" >> end;
                    parity - "odd" >> end "odd";
                }
            }

            pub(crate) fn graph() -> &'static $crate::facade::flows::Graph {
                $crate::facade::flows::flow! {
                    #[flow(crate = $crate::facade::flows)]
                    parity - "even" >> end; parity - "odd" >> Half >> end "half"; Half - "odd" >> end;
                }
                .graph()
            }
        }
    };
}
library!(inside);

#[derive(Action)]
#[action(crate = facade::flows)]
#[action(Job)]
enum Renamed {
    Note { note: String },
}

#[tokio::test]
async fn every_word_of_a_flow_may_come_through_a_macro() {
    let mut job = Job {
        count: 0,
        r#type: Some((0, [0, 0])),
        ..Job::default()
    };
    let exit = Judges { add: Add { by: 4 } }.run(&mut job).await.unwrap();
    assert_eq!(
        (exit, job.count, job.note.as_deref()),
        (JudgesExit::Done, 5, Some("fine"))
    );
    assert_eq!(job.r#type, Some((1, [2, 3])));
    assert!(job.names.is_empty());
    assert_eq!(Judges::GRAPH.inputs, ["type"]);
    assert_eq!(
        Whole.run(&mut Job::default()).await.unwrap(),
        WholeExit::Default
    );
    Private.run(&mut job).await.unwrap();
    expression!(judge, "fine", crate::last, add: Add)
        .run(&mut job)
        .await
        .unwrap();
    assert_eq!(job.count, 7);
    assert_eq!(Verdict::ACTIONS[1].name, "a|gain");
}

#[tokio::test]
async fn the_library_may_have_another_name() {
    let mut count = inside::Count {
        count: 3,
        late: None,
    };
    assert_eq!(
        inside::Half.run(&mut count).await.unwrap(),
        inside::HalfExit::Odd
    );
    assert_eq!(inside::graph().exits.len(), 2);
    assert_eq!(Renamed::ACTIONS[0].writes, ["note"]);
    let _ = Renamed::Note {
        note: String::new(),
    };
}

#[derive(Shared, Default)]
struct Conditional {
    #[cfg(not(test))]
    gone: Missing,
    #[cfg(test)]
    kept: Option<u8>,
    #[cfg_attr(test, allow(dead_code))]
    always: u8,
}

#[derive(Action)]
#[action(Conditional)]
enum Some_ {
    #[cfg(test)]
    Kept {
        kept: u8,
        #[cfg(not(test))]
        gone: Missing,
    },
    #[cfg(not(test))]
    Gone(Missing),
    #[cfg_attr(test, action("renamed"))]
    Named,
}

#[node(Conditional)]
fn choose(always: &u8) -> Some_ {
    if *always == 0 {
        Some_::Kept { kept: 1 }
    } else {
        Some_::Named
    }
}

#[node(Conditional)]
fn after(kept: &u8) {
    assert_eq!(*kept, 1);
}

flow! {
    #[cfg(not(test))]
    pub Absent { missing >> missing_too; }
}

flow! {
    #[cfg(test)]
    #[cfg_attr(test, doc = "Documented")]
    #[cfg_attr(all(test, not(test)), endless, derive(Missing))]
    pub(crate) Present {
        #[cfg(not(test))]
        missing: Missing;
        #[cfg(test)]
        #[cfg_attr(not(test), missing)]
        last: after;
        choose - "kept" >> after;
        #[cfg(not(test))]
        after >> missing >> "not a flow at all";
        #[cfg(test)]
        after >> last;
        #[cfg(all(test, not(test)))]
        choose - "renamed" >> last;
        #[cfg(any(test, not(test)))]
        choose - "renamed" >> end "named";
    }
}

#[tokio::test]
async fn conditions_are_honoured() {
    assert_eq!(Conditional::STORE.fields.len(), 2);
    assert_eq!(Some_::ACTIONS.len(), 2);
    let names: Vec<_> = Present::GRAPH
        .places
        .iter()
        .map(|place| place.name)
        .collect();
    assert_eq!(names, ["choose", "after", "last"]);
    assert_eq!(
        Present.run(&mut Conditional::default()).await.unwrap(),
        PresentExit::Default
    );
    let last = flow! {
        choose - "kept" >> after;
        #[cfg(test)] choose - "renamed" >> end "here";
        #[cfg(not(test))] choose - "renamed" >> end "there";
    };
    assert!(last.graph().exits.contains(&"here") && !last.graph().exits.contains(&"there"));
}
