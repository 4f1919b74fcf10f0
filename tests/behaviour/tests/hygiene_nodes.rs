//! The code that `#[node]` generates never refers to a user's item by accident, whatever the names
//! of the user's items are.

#![allow(clippy::wrong_self_convention, clippy::too_many_arguments)]

#[derive(pocketflow::Shared)]
struct Store {
    topic: String,
    lines: Vec<String>,
    words: Option<Vec<String>>,
    total: Option<u64>,
}

/// The prelude is missing, and each of its names means something else.
mod nothing_imported {
    #![no_implicit_prelude]
    #![allow(
        dead_code,
        unused_imports,
        non_camel_case_types,
        non_upper_case_globals
    )]

    use super::Store;

    pub(super) struct usize;
    pub(super) struct u64;
    pub(super) struct str;
    pub(super) struct bool;
    pub(super) struct Vec;
    pub(super) struct String;
    pub(super) struct Box;
    pub(super) struct Result;
    pub(super) struct Option;
    pub(super) struct Future;
    pub(super) struct Iterator;
    pub(super) struct Sync;
    pub(super) struct Sized;
    pub(super) struct PhantomData;
    pub(super) struct Error;
    pub(super) struct Failure;
    pub(super) struct Node;
    pub(super) struct Policy;
    pub(super) mod pocketflow {}
    pub(super) mod core {}
    pub(super) mod std {}

    pub(super) enum Command {
        Send,
        Ok,
        Err,
        Some,
        None,
    }
    pub(super) use Command::*;

    #[::pocketflow::node(Store, writes = words, attempts = 2, wait = "1ms", backoff = 2, timeout = "1s")]
    pub(super) async fn split(
        topic: &::core::primitive::str,
        lines: &[::std::string::String],
    ) -> ::core::result::Result<::std::vec::Vec<::std::string::String>, ::std::string::String> {
        let mut words = lines.to_vec();
        words.push(::std::string::ToString::to_string(topic));
        ::core::result::Result::Ok(words)
    }

    #[::pocketflow::node(Store, appends = lines, parallel = unbounded)]
    pub(super) async fn each(
        #[each(words)] word: &::core::primitive::str,
        #[attempt] attempt: ::pocketflow::Attempt<'_>,
    ) -> ::std::string::String {
        ::std::format!("{word} {}", attempt.number())
    }

    pub(super) struct Send;

    #[::pocketflow::node(Store, writes(total))]
    impl Send {
        fn prep(
            lines: &[::std::string::String],
        ) -> ::core::result::Result<::core::primitive::usize, ::std::string::String> {
            ::core::result::Result::Ok(lines.len())
        }

        async fn exec(
            &self,
            prep: &::core::primitive::usize,
            words: ::core::option::Option<&[::std::string::String]>,
        ) -> ::core::result::Result<::core::primitive::usize, ::std::string::String> {
            ::core::result::Result::Ok(*prep + words.map_or(0, |words| words.len()))
        }

        async fn fallback(
            &self,
            error: ::pocketflow::Error,
        ) -> ::core::result::Result<::core::primitive::usize, ::std::string::String> {
            ::core::result::Result::Err(::std::string::ToString::to_string(&error))
        }

        fn post(
            &self,
            total: &mut ::core::option::Option<::core::primitive::u64>,
            prep: ::core::primitive::usize,
            exec: ::core::primitive::usize,
        ) {
            *total = ::core::option::Option::Some((prep + exec) as ::core::primitive::u64);
        }
    }
}

#[tokio::test]
async fn a_module_without_a_prelude_has_nodes() {
    use nothing_imported::{each, split};
    let mut store = Store {
        topic: "b".into(),
        lines: vec!["a".into()],
        words: None,
        total: None,
    };
    let flow = pocketflow::flow! { split >> each >> nothing_imported::Send; };
    flow.run(&mut store).await.unwrap();
    assert_eq!(store.lines, ["a", "a 1", "b 1"]);
    assert_eq!(store.total, Some(8));
}

#[derive(pocketflow::Shared, Default)]
struct Words {
    text: String,
    list: Option<Vec<String>>,
    long: String,
    late: Option<u64>,
}

/// Constants, statics, unit structs and functions with the names of variables in the generated
/// code.
mod constants {
    #![allow(
        dead_code,
        unreachable_pub,
        non_upper_case_globals,
        non_camel_case_types
    )]

    use pocketflow::{Attempt, node};

    macro_rules! constants {
        ($($name:ident)*) => { $(pub const $name: u8 = 0;)* };
    }
    constants! { shared here get site at finished execution item items action kept field fields place places value }
    constants! { node from output result limit run stage attempts }
    static width: u8 = 0;
    static words: [u8; 0] = [];
    static total: u8 = 0;
    struct reads;
    struct store;
    struct raised;
    struct retry;
    fn outcome() {}
    fn within() {}
    fn once() {}

    use super::Words;

    fn busy(_: &std::io::Error) -> bool {
        true
    }

    #[node(Words, writes(list, late), attempts = 2, timeout = "1s", retry_if = busy)]
    pub(super) async fn split(
        text: &str,
        late: Option<&u64>,
    ) -> std::io::Result<(Vec<String>, u64)> {
        Ok((
            text.split(' ').map(String::from).collect(),
            late.copied().unwrap_or(7),
        ))
    }

    #[node(Words, appends = long)]
    pub(super) fn join(list: &[String]) -> String {
        list.join("+")
    }

    pub(super) struct Longer {
        pub(super) jobs: std::num::NonZeroUsize,
    }

    #[node(Words, parallel = self.jobs, attempts = 2)]
    impl Longer {
        fn prep(&self, list: &[String]) -> Vec<String> {
            list.to_vec()
        }
        async fn exec(
            &self,
            #[each(prep)] it: &str,
            late: &u64,
            #[attempt] n: Attempt<'_>,
        ) -> Result<String, std::fmt::Error> {
            Ok(format!("{it}{late}{}", n.number()))
        }
        fn fallback(
            &self,
            it: &str,
            late: &u64,
            error: pocketflow::Error,
        ) -> Result<String, std::fmt::Error> {
            Ok(format!("{it}{late}{error}"))
        }
        fn post(&self, long: &mut String, prep: Vec<String>, exec: Vec<String>) {
            long.push_str(&format!("{}{}", prep.len(), exec.concat()));
        }
    }
}

#[tokio::test]
async fn constants_of_the_users_are_no_patterns() {
    use constants::{Longer, join, split};
    let mut words = Words {
        text: "a b".into(),
        ..Default::default()
    };
    let longer = Longer {
        jobs: std::num::NonZeroUsize::MIN,
    };
    let flow = pocketflow::flow! { longer: Longer; split >> join >> longer; };
    flow.run(&mut words).await.unwrap();
    assert_eq!((words.long.as_str(), words.late), ("a+b2a71b71", Some(7)));
}

#[derive(pocketflow::Shared)]
struct Log {
    lines: Vec<String>,
    best: Option<String>,
}

#[derive(pocketflow::Action)]
#[action(Log)]
enum Best {
    Found { best: String },
    Missing,
}

/// Extension traits on every type, with the names of methods that generated code might call.
mod extended {
    #![allow(dead_code, unreachable_pub)]

    use pocketflow::node;

    macro_rules! extension {
        ($($name:ident)*) => {
            pub trait ByValue: Sized { $(fn $name(self) -> ! { unreachable!() })* }
            impl<T> ByValue for T {}
        };
    }
    mod by_reference {
        macro_rules! extension {
            ($($name:ident)*) => {
                pub trait ByReference { $(fn $name(&self) -> ! { unreachable!() })* }
                impl<T: ?Sized> ByReference for T {}
            };
        }
        extension! { size hint start step exec prep post fallback keep work items in_flight append into_outcome into_failure act }
    }
    pub use by_reference::ByReference;
    extension! {
        next map copied get read kind write place take push is_none is_some node set all words len names iter poll read_late
        unwrap expect as_ref as_mut call run field fields empty begin finish site here branch number from map_err filled
    }

    use super::{Best, Log};

    #[node(Log, attempts = 2)]
    pub(super) async fn find(lines: &[String]) -> Result<Best, String> {
        Ok(match lines {
            [first, ..] => Best::Found {
                best: first.to_string(),
            },
            [] => Best::Missing,
        })
    }

    #[node(Log, appends = lines, parallel = 2)]
    pub(super) async fn double(#[each(lines)] line: &str, best: &str) -> String {
        format!("{best}{line}")
    }

    pub(super) struct Third {
        pub(super) jobs: std::num::NonZeroUsize,
    }

    #[node(Log, writes(best), parallel = self.jobs)]
    impl Third {
        fn prep(&self, lines: &[String]) -> Result<Vec<String>, String> {
            Ok(lines.to_vec())
        }
        async fn exec(&self, #[each(prep)] line: &String) -> Result<String, String> {
            Ok(line.to_string())
        }
        fn post(&self, best: &mut Option<String>, prep: Vec<String>, exec: Vec<String>) {
            *best = Some(format!("{prep:?} {exec:?}"));
        }
    }
}

#[tokio::test]
async fn extension_traits_of_the_users_are_not_called() {
    use extended::{Third, double, find};
    let mut log = Log {
        lines: vec!["a".into()],
        best: None,
    };
    let third = Third {
        jobs: std::num::NonZeroUsize::MIN,
    };
    let flow = pocketflow::flow! {
        third: Third;
        find - "found" >> double >> third;
        find - "missing" >> end;
    };
    flow.run(&mut log).await.unwrap();
    assert_eq!(log.best.as_deref(), Some(r#"["a", "aa"] ["a", "aa"]"#));
}

/// Nodes that are enums, with variants named like the items of a node.
mod enums {
    use pocketflow::{Shared, node};

    #[derive(Shared, Default)]
    pub(super) struct Count {
        pub(super) seen: Vec<u64>,
        pub(super) total: u64,
    }

    #[allow(dead_code)]
    pub(super) enum Mode {
        Prep,
        Exec,
        Item,
        Done,
        Kept,
        Reads,
        Finished,
    }

    #[node(Count, writes = total)]
    impl Mode {
        fn prep(&self) -> u64 {
            match self {
                Self::Exec => 2,
                _ => 1,
            }
        }
        fn exec(&self, prep: &u64, seen: &[u64]) -> u64 {
            prep * seen.iter().sum::<u64>()
        }
    }

    #[tokio::test]
    async fn may_be_nodes() {
        let mut count = Count {
            seen: vec![1, 2],
            total: 0,
        };
        let mode = Mode::Exec;
        pocketflow::flow! { mode: Mode; mode; }
            .run(&mut count)
            .await
            .unwrap();
        assert_eq!(count.total, 6);
    }
}

/// Names of fields that generated code uses internally.
mod fields {
    use pocketflow::{Attempt, Shared, flow, node};

    #[derive(Shared, Default)]
    pub(super) struct Fields {
        pub(super) shared: Vec<String>,
        pub(super) kept: u64,
        pub(super) prep: Vec<u64>,
        pub(super) exec: Option<u64>,
        pub(super) error: String,
        pub(super) item: String,
        pub(super) attempt: u64,
        pub(super) here: u64,
        pub(super) get: u64,
        pub(super) self_: u64,
        pub(super) action: String,
        pub(super) value: Option<String>,
        pub(super) post: Option<String>,
        pub(super) fallback: u64,
        pub(super) reads: u64,
        pub(super) writes: u64,
        pub(super) store: String,
    }

    #[node(Fields, writes(exec, value))]
    fn many(
        shared: &[String],
        kept: &u64,
        prep: &[u64],
        error: &str,
        item: &str,
        attempt: &u64,
        here: &u64,
        get: &u64,
        self_: &u64,
        action: &str,
        post: Option<&str>,
    ) -> (u64, String) {
        let sum = kept + attempt + here + get + self_ + prep.len() as u64;
        (
            sum,
            format!(
                "{}{error}{item}{action}{}",
                shared.concat(),
                post.unwrap_or("-")
            ),
        )
    }

    #[node(Fields, writes = shared)]
    async fn items(#[each(prep)] prep: &u64, exec: &u64, #[attempt] error: Attempt<'_>) -> String {
        format!("{prep}{exec}{}", error.number())
    }

    #[node(Fields, writes(shared, exec, error, item))]
    fn written(
        shared: &[String],
        store: &str,
        fallback: &u64,
    ) -> (Vec<String>, u64, String, String) {
        (shared.to_vec(), *fallback, "e".into(), store.into())
    }

    #[node(Fields, appends = shared)]
    fn appended(reads: &u64, writes: &u64, value: &str) -> [String; 1] {
        [format!("{reads}{writes}{value}")]
    }

    #[node(Fields, writes = kept, attempts = 2, fallback = seven)]
    fn fails(shared: &[String], error: &str, item: &str) -> Result<u64, String> {
        Err(format!("{shared:?}{error}{item}"))
    }

    fn seven(reads: &pocketflow::Reads<'_, fails>, _: pocketflow::Error) -> Result<u64, String> {
        Ok(reads.shared.len() as u64 + (reads.error.len() + reads.item.len()) as u64)
    }

    struct Impl;

    /// In this form, `prep`, `exec`, `error` and `shared` refer to the node's steps and parameters.
    #[node(Fields, writes(value))]
    impl Impl {
        fn prep(&self, item: &str, attempt: &u64, kept: &u64) -> String {
            format!("{item}{attempt}{kept}")
        }
        fn exec(&self, error: &str, prep: &str, action: &str, get: &u64) -> String {
            format!("{error}{prep}{action}{get}")
        }
        fn post(&self, error: &mut String, value: &mut Option<String>, item: &str, exec: String) {
            error.push('!');
            *value = Some(format!("{item}{exec}"));
        }
    }

    #[tokio::test]
    async fn may_have_any_name() {
        let mut fields = Fields {
            prep: vec![1, 2],
            error: "e".into(),
            item: "i".into(),
            ..Default::default()
        };
        fields.action = "a".into();
        flow! { many >> items >> appended >> fails >> Impl >> written; }
            .run(&mut fields)
            .await
            .unwrap();
        assert_eq!(fields.shared, ["121", "221", "00eia-"]);
        assert_eq!(
            (fields.kept, fields.error.as_str(), fields.exec),
            (5, "e", Some(0))
        );
        assert_eq!(fields.value.as_deref(), Some("iei05a0"));
    }
}

/// Raw identifiers.
mod raw {
    use pocketflow::{Shared, flow, node};

    #[derive(Shared, Default)]
    pub(super) struct Raw {
        pub(super) r#type: String,
        pub(super) r#match: Option<Vec<String>>,
        pub(super) r#fn: String,
    }

    #[node(Raw, writes(r#match, r#type))]
    fn r#match(r#type: &str) -> (Vec<String>, String) {
        (vec![r#type.into(), "b".into()], "t".into())
    }

    #[node(Raw, appends = r#fn)]
    async fn r#loop(#[each(r#match)] r#in: &str, r#type: &str) -> String {
        format!("{in}{type}", in = r#in, type = r#type)
    }

    #[allow(non_camel_case_types)]
    struct r#struct;

    #[node(Raw, reads(r#match), writes(r#match))]
    impl r#struct {
        fn prep(shared: &Raw) -> usize {
            shared.r#match.iter().flatten().count()
        }
        fn exec(&self, prep: &usize) -> Result<usize, String> {
            Err(prep.to_string())
        }
        fn post(&self, shared: &mut Raw, exec: usize) {
            shared.r#match = Some(vec![exec.to_string()]);
        }
    }

    #[tokio::test]
    async fn identifiers_are_shown_without_their_mark() {
        let mut raw = Raw {
            r#type: "a".into(),
            ..Default::default()
        };
        let error = flow! { r#match >> r#loop >> r#struct; }
            .run(&mut raw)
            .await
            .unwrap_err();
        assert_eq!(raw.r#fn, "atbt");
        let error = format!("{error:#}");
        assert!(
            error.ends_with("struct: exec failed: 2") && !error.contains("r#"),
            "{error}"
        );
    }
}

/// Any letters and any case.
mod letters {
    #![allow(non_camel_case_types, non_snake_case)]

    use pocketflow::{Shared, flow, node};

    #[derive(Shared, Default)]
    pub(super) struct Trace {
        pub(super) 路径: String,
    }

    struct 搜索 {}
    struct _Name;
    struct lower;

    #[node(Trace, appends = 路径)]
    impl 搜索 {
        fn exec(&self) -> &'static str {
            "搜"
        }
    }

    #[node(Trace, appends = 路径)]
    impl _Name {
        fn exec(&self) -> &'static str {
            "_"
        }
    }

    #[node(Trace)]
    impl lower {
        fn exec(&self, 路径: &str) -> usize {
            路径.len()
        }
        fn post(&self, 路径: &mut String, exec: usize) {
            路径.push_str(&exec.to_string());
        }
    }

    #[node(Trace, appends = 路径)]
    fn _private(路径: &str) -> String {
        路径.to_uppercase()
    }

    #[node(Trace, appends = 路径)]
    async fn Upper() -> &'static str {
        "U"
    }

    #[node(Trace, appends = 路径)]
    async fn 写() -> &'static str {
        "写"
    }

    #[tokio::test]
    async fn make_names() {
        let mut trace = Trace::default();
        flow! { 搜索 >> _Name >> lower >> _private >> Upper >> 写; }
            .run(&mut trace)
            .await
            .unwrap();
        assert_eq!(trace.路径, "搜_4搜_4U写");
    }
}
