//! Nodes that `macro_rules!` generates, whole or in part.

#![allow(deprecated)] // Values are overwritten here on purpose.

use pocketflow::{Attempt, Shared, flow, node};

#[derive(Shared, Default)]
struct Order {
    topic: String,
    words: Vec<String>,
    total: u64,
    receipt: Option<String>,
    lines: Option<Vec<String>>,
}

fn order() -> Order {
    Order {
        topic: "tea".into(),
        words: vec!["a".into(), "b".into()],
        total: 3,
        ..Default::default()
    }
}

/// The macro generates the whole node except its name.
mod names {
    use super::*;

    macro_rules! named {
        ($name:ident) => {
            #[node(Order, writes = receipt)]
            async fn $name(topic: &str, total: &u64) -> String {
                format!("{topic} {total}")
            }
        };
    }
    named!(print);

    macro_rules! fallible {
        ($name:ident, $field:ident, $value:expr) => {
            #[node(Order, writes = $field, attempts = 2, retry_if = always, timeout = "1s")]
            async fn $name() -> Result<String, String> {
                Ok($value)
            }
        };
    }
    fn always(_: &String) -> bool {
        true
    }
    fallible!(reprint, receipt, "again".to_string());

    macro_rules! structs {
        ($name:ident { $($body:tt)* }) => {
            struct $name;
            #[node(Order, writes(receipt))]
            impl $name { $($body)* }
        };
    }
    structs!(Longer {
        fn prep(&self, topic: &str) -> Result<String, String> {
            Ok(topic.to_uppercase())
        }
        async fn exec(&self, prep: &str, receipt: Option<&str>) -> Result<String, String> {
            Ok(format!("{prep}{receipt:?}"))
        }
        fn post(&self, receipt: &mut Option<String>, prep: String, exec: String) {
            *receipt = Some(format!("{prep}{exec}"));
        }
    });

    #[tokio::test]
    async fn may_be_given() {
        let mut order = order();
        flow! { reprint >> print >> Longer; }
            .run(&mut order)
            .await
            .unwrap();
        assert_eq!(order.receipt.as_deref(), Some(r#"TEATEASome("tea 3")"#));
    }
}

/// Parameters: their names, their types, both.
mod parameters {
    use super::*;

    macro_rules! reads {
        ($node:ident: $($name:ident: $ty:ty),* => $out:ty = $value:expr) => {
            #[node(Order, writes = receipt)]
            fn $node($($name: $ty),*) -> $out { $value }
        };
    }
    reads!(plain: topic: &str, total: &u64, words: &[String] => String = format!("{topic}{total}{}", words.concat()));
    reads!(late: receipt: Option<&str> => Result<String, String> = Ok(receipt.unwrap_or("none").to_string()));
    reads!(late_value: receipt: &str => std::result::Result<String, std::fmt::Error> = Ok(format!("{receipt}!")));

    macro_rules! wrapped {
        ($node:ident, $optional:ty, $borrowed:ty, $item:ty) => {
            #[node(Order, writes = receipt)]
            fn $node(receipt: Option<$optional>, topic: &$borrowed, words: &[$item]) -> String {
                let words: Vec<$item> = words.to_vec();
                format!("{receipt:?}{topic}{}", words.len())
            }
        };
    }
    wrapped!(inner, &str, str, String);

    macro_rules! batch {
        ($node:ident, $field:ident, $item:ident: $ty:ty, $out:ty) => {
            #[node(Order, writes = lines, parallel = 2)]
            async fn $node(#[each($field)] $item: $ty, topic: &str) -> $out {
                Ok(format!("{topic}{}", $item))
            }
        };
    }
    batch!(each, words, word: &str, Result<String, String>);

    macro_rules! returns {
        ($node:ident, $($out:tt)*) => {
            #[node(Order, writes(receipt, total))]
            fn $node() -> $($out)* { Ok(("r".into(), 9)) }
        };
    }
    returns!(both, Result<(String, u64), String>);

    #[tokio::test]
    async fn may_be_given() {
        let mut order = order();
        flow! { plain >> late_value >> late >> inner >> each >> both; }
            .run(&mut order)
            .await
            .unwrap();
        assert_eq!(order.lines.unwrap(), ["teaa", "teab"]);
        assert_eq!((order.receipt.as_deref(), order.total), (Some("r"), 9));
    }
}

/// Whole items, and the attributes on them.
mod items {
    use super::*;

    macro_rules! on_item {
        ($($item:item)*) => { $(#[node(Order, writes = receipt)] $item)* };
    }
    on_item! {
        async fn first(topic: &str) -> Result<String, String> { Ok(topic.to_string()) }
        fn second(receipt: &str, total: &u64) -> String { format!("{receipt}{total}") }
        impl Third {
            fn prep(&self, receipt: &str) -> String { receipt.to_string() }
            async fn exec(&self, prep: &String) -> Result<String, String> { Ok(format!("{prep}3")) }
        }
    }
    struct Third;

    macro_rules! on_meta {
        ($(#[$attribute:meta])* $name:ident) => {
            $(#[$attribute])*
            fn $name(receipt: &str) -> String { format!("{receipt}m") }
        };
    }
    on_meta!(
        #[node(Order, writes = receipt)]
        #[allow(clippy::needless_return)]
        meta
    );

    macro_rules! pass {
        (@ $item:item) => { $item };
        ($item:item) => { pass!(@ $item); };
    }
    pass! { #[node(Order, writes = receipt)] fn passed(receipt: &str) -> String { format!("{receipt}p") } }

    macro_rules! on_type {
        ($ty:ty, $path:path) => {
            #[node(Order, appends = words)]
            impl $ty {
                fn exec(&self, receipt: &str) -> [String; 1] {
                    [receipt.to_string()]
                }
            }
            #[node(Order, appends = words)]
            impl $path {
                fn exec(&self, total: &u64) -> [String; 1] {
                    [total.to_string()]
                }
            }
        };
    }
    struct A;
    mod inner {
        pub(super) struct B;
    }
    on_type!(A, inner::B);

    macro_rules! visible {
        ($vis:vis $name:ident, $body:block) => {
            #[node(Order, writes = receipt)]
            $vis fn $name(receipt: &str) -> String { let _ = receipt; $body }
        };
    }
    visible!(pub(super) block, {
        let text = "block";
        text.to_string()
    });

    #[tokio::test]
    async fn may_be_given() {
        let mut order = order();
        flow! { first >> second >> Third >> meta >> passed >> A >> inner::B >> block; }
            .run(&mut order)
            .await
            .unwrap();
        assert_eq!(order.words, ["a", "b", "tea33mp", "3"]);
        assert_eq!(order.receipt.as_deref(), Some("block"));
    }
}

/// Options: literals, expressions, paths, fields, the store.
mod options {
    use super::*;

    mod functions {
        pub(super) fn none(
            reads: &pocketflow::Reads<'_, super::tries>,
            error: pocketflow::Error,
        ) -> Result<String, String> {
            Ok(format!("{}{:#}", reads.topic, error.cause()))
        }
        pub(super) fn retry(_: &String) -> bool {
            true
        }
    }

    macro_rules! tries {
        ($store:ty, $name:ident, $field:ident, $n:literal, $wait:expr, $backoff:literal, $retry:path, $fallback:path) => {
            #[node($store, writes = $field, attempts = $n, wait = $wait, backoff = $backoff, retry_if = $retry, fallback = $fallback)]
            async fn $name(topic: &str, #[attempt] attempt: Attempt<'_>) -> Result<String, String> {
                Err(format!("{topic}{}", attempt.number()))
            }
        };
    }
    tries!(
        super::options::Same,
        tries,
        receipt,
        3,
        "1us",
        1.5,
        functions::retry,
        functions::none
    );
    use super::Order as Same;

    macro_rules! wide {
        ($name:ident, $width:expr, $jobs:ident, $store:path) => {
            #[node($store, writes = lines, parallel = $width)]
            async fn $name(#[each(words)] word: &str) -> String {
                word.to_string()
            }
            struct $jobs {
                jobs: std::num::NonZeroUsize,
            }
            #[node($store, writes(lines), parallel = self.jobs)]
            impl $jobs {
                async fn exec(&self, #[each(words)] word: &str) -> String {
                    word.repeat(self.jobs.get())
                }
                fn post(&self, exec: Vec<String>, lines: &mut Option<Vec<String>>) {
                    *lines = Some(exec);
                }
            }
        };
    }
    wide!(wide, 4, Jobs, Order);

    macro_rules! whole {
        ($name:ident, $($field:ident),*) => {
            struct $name;
            #[node(Order, reads($($field),*), writes($($field),*))]
            impl $name {
                fn prep(&self, shared: &Order) -> usize { shared.words.len() }
                fn exec(&self, prep: &usize) -> usize { *prep }
                fn post(&self, shared: &mut Order, exec: usize) { shared.total += exec as u64; }
            }
        };
    }
    whole!(Whole, total, words);

    #[tokio::test]
    async fn may_be_given() {
        let mut order = order();
        let jobs = Jobs {
            jobs: 2.try_into().unwrap(),
        };
        flow! { jobs: Jobs; tries >> wide >> jobs >> Whole; }
            .run(&mut order)
            .await
            .unwrap();
        assert_eq!(order.receipt.as_deref(), Some("teatea3"));
        assert_eq!(order.lines.as_deref().unwrap(), ["aa", "bb"]);
        assert_eq!(order.total, 5);
    }
}

/// Nested macros, and a store from a macro.
mod nested {
    use super::*;

    macro_rules! module {
        ($module:ident, $store:ident { $($field:ident: $ty:ty),* }, $node:ident) => {
            mod $module {
                #[derive(pocketflow::Shared, Default)]
                pub(super) struct $store { $(pub(super) $field: $ty),* }
                steps!($store, $node, $($field),*);
                pub(super) use $node as node;
            }
        };
    }
    macro_rules! steps {
        ($store:ident, $node:ident, $from:ident, $to:ident) => {
            #[pocketflow::node($store, writes = $to)]
            pub(super) fn $node($from: &str, $to: Option<&String>) -> String {
                format!("{}{:?}", $from, $to)
            }
        };
    }
    module!(made, Made { text: String, copy: Option<String> }, take);

    macro_rules! defines {
        ($d:tt) => {
            macro_rules! defined {
                            ($d n:ident) => {
                                #[node(Order, writes = receipt)]
                                async fn $d n(topic: &str) -> Result<String, String> { Ok(topic.to_owned()) }
                            };
                        }
        };
    }
    defines!($);
    defined!(twice_removed);

    #[tokio::test]
    async fn may_be_given() {
        let mut made = made::Made {
            text: "t".into(),
            copy: None,
        };
        flow! { made::take; }.run(&mut made).await.unwrap();
        flow! { made::node; }.run(&mut made).await.unwrap();
        assert_eq!(made.copy.as_deref(), Some(r#"tSome("tNone")"#));
        let mut order = order();
        flow! { twice_removed; }.run(&mut order).await.unwrap();
        assert_eq!(order.receipt.as_deref(), Some("tea"));
    }
}

/// Inside the body of a function, next to local variables.
#[tokio::test]
async fn a_node_may_stand_in_a_function() {
    macro_rules! here {
        ($name:ident, $value:literal) => {
            #[node(Order, writes = receipt)]
            fn $name(topic: &str) -> String {
                format!("{topic}{}", $value)
            }
        };
    }
    let (shared, topic) = (1, 2);
    here!(local, "!");
    let mut order = order();
    flow! { local; }.run(&mut order).await.unwrap();
    assert_eq!(
        (order.receipt.as_deref(), shared + topic),
        (Some("tea!"), 3)
    );
}
