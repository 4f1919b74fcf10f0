//! What a parameter of a node may borrow, and as which type.

#![allow(
    clippy::borrowed_box,
    clippy::type_complexity,
    clippy::ptr_arg,
    clippy::too_many_arguments
)]

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pocketflow::{Attempt, Shared, flow, node};

trait Llm: Send + Sync {
    fn ask(&self, prompt: &str) -> String;
}

#[derive(Clone)]
struct Echo(&'static str);

impl Llm for Echo {
    fn ask(&self, prompt: &str) -> String {
        format!("{}{prompt}", self.0)
    }
}

/// A pointer that implements the model trait itself, as many trait authors do.
impl Llm for Box<dyn Llm> {
    fn ask(&self, prompt: &str) -> String {
        (**self).ask(prompt)
    }
}

/// Trait objects.
mod objects {
    use super::*;

    #[derive(Shared)]
    struct Chat {
        boxed: Box<dyn Llm>,
        shared: Arc<dyn Llm>,
        plain: Echo,
        of_box: Box<Echo>,
        of_arc: Arc<Echo>,
        nested: Arc<Box<dyn Llm>>,
        late: Option<Box<dyn Llm>>,
        late_arc: Option<Arc<dyn Llm + Send>>,
        all: Vec<Box<dyn Llm>>,
        by_name: BTreeMap<String, Arc<dyn Llm>>,
        log: Vec<String>,
    }

    fn chat() -> Chat {
        Chat {
            boxed: Box::new(Echo("b")),
            shared: Arc::new(Echo("s")),
            plain: Echo("p"),
            of_box: Box::new(Echo("ob")),
            of_arc: Arc::new(Echo("oa")),
            nested: Arc::new(Box::new(Echo("n"))),
            late: None,
            late_arc: Some(Arc::new(Echo("la"))),
            all: vec![Box::new(Echo("x")), Box::new(Echo("y"))],
            by_name: BTreeMap::from([("k".to_string(), Arc::new(Echo("v")) as Arc<dyn Llm>)]),
            log: Vec::new(),
        }
    }

    #[node(Chat, appends = log)]
    async fn as_objects(
        boxed: &dyn Llm,
        shared: &dyn Llm,
        plain: &dyn Llm,
        of_box: &dyn Llm,
        of_arc: &dyn Llm,
        nested: &dyn Llm,
        late: Option<&dyn Llm>,
    ) -> Vec<String> {
        let late = late.map(|late| late.ask("!"));
        let all = [boxed, shared, plain, of_box, of_arc, nested].map(|llm| llm.ask("?"));
        all.into_iter().chain(late).collect()
    }

    #[node(Chat, writes = late)]
    fn fill(boxed: &(dyn Llm + Send + Sync), shared: &(dyn Llm + '_)) -> Box<dyn Llm> {
        assert_eq!(boxed.ask("") + &shared.ask(""), "bs");
        Box::new(Echo("late"))
    }

    #[node(Chat, appends = log, attempts = 2, fallback = ask_another)]
    async fn ask(late: &dyn Llm, late_arc: Option<&dyn Llm>) -> Result<Vec<String>, String> {
        Err(late.ask("1") + &late_arc.unwrap().ask("2"))
    }

    fn ask_another(
        reads: &pocketflow::Reads<'_, ask>,
        error: pocketflow::Error,
    ) -> Result<Vec<String>, String> {
        Ok(vec![reads.late.ask(&error.cause().to_string())])
    }

    #[node(Chat, appends = log)]
    fn as_they_are(
        boxed: &Box<dyn Llm>,
        shared: &Arc<dyn Llm>,
        plain: &Echo,
        of_box: &Echo,
        of_arc: &Arc<Echo>,
        all: &[Box<dyn Llm>],
        late: &Box<dyn Llm>,
    ) -> Vec<String> {
        let pair = [of_box.ask(""), of_arc.ask(""), late.ask("")];
        let all = all.iter().map(|llm| llm.ask(""));
        [boxed.ask(""), shared.ask(""), plain.ask("")]
            .into_iter()
            .chain(pair)
            .chain(all)
            .collect()
    }

    #[node(Chat, appends = log, parallel = 2)]
    async fn each(#[each(all)] llm: &dyn Llm, shared: &dyn Llm) -> String {
        llm.ask(&shared.ask("."))
    }

    #[node(Chat)]
    async fn each_named(#[each(by_name)] named: (&String, &Arc<dyn Llm>)) {
        assert_eq!(named.1.ask(named.0), "vk");
    }

    struct Methods;

    #[node(Chat)]
    impl Methods {
        fn prep<'s>(&self, boxed: &'s dyn Llm, of_arc: &dyn Llm) -> Vec<&'s dyn Llm> {
            assert_eq!(of_arc.ask(""), "oa");
            vec![boxed, boxed]
        }
        async fn exec(&self, #[each(prep)] llm: &dyn Llm, nested: &dyn Llm) -> String {
            llm.ask(&nested.ask(""))
        }
        fn post(
            &self,
            late: Option<&dyn Llm>,
            plain: &dyn Llm,
            log: &mut Vec<String>,
            exec: Vec<String>,
        ) {
            log.extend(exec);
            log.push(plain.ask(&late.map_or_else(String::new, |late| late.ask(""))));
        }
    }

    #[tokio::test]
    async fn are_borrowed_out_of_their_pointers() {
        let mut chat = chat();
        flow! { as_objects >> fill >> ask >> as_they_are >> each >> each_named >> Methods; }
            .run(&mut chat)
            .await
            .unwrap();
        let log = "b? s? p? ob? oa? n? latelate1la2 b s p ob oa late x y xs. ys. bn bn plate";
        assert_eq!(chat.log.join(" "), log);
    }
}

/// Functions.
mod functions {
    use super::*;

    type Render = Box<dyn Fn(&str) -> String + Send + Sync>;

    #[derive(Shared)]
    struct Pipeline {
        text: String,
        render: Box<dyn Fn(&str) -> String + Send + Sync>,
        choose: Arc<dyn for<'x> Fn(&'x str, &str) -> &'x str + Send + Sync>,
        pointer: fn(&str) -> usize,
        higher: for<'x> fn(&'x str, &Cow<'_, str>) -> Option<&'x str>,
        made: Option<Box<dyn Fn(&str) -> String + Send + Sync>>,
        aliased: Option<Arc<Render>>,
        steps: Vec<fn(&str) -> String>,
        out: Vec<String>,
    }

    #[node(Pipeline, appends = out)]
    async fn call(
        text: &str,
        render: &Box<dyn Fn(&str) -> String + Send + Sync>,
        choose: &Arc<dyn for<'x> Fn(&'x str, &str) -> &'x str + Send + Sync>,
        pointer: &fn(&str) -> usize,
        higher: &for<'x> fn(&'x str, &Cow<'_, str>) -> Option<&'x str>,
    ) -> [String; 4] {
        let found = higher(text, &Cow::Borrowed("b")).unwrap_or_default();
        [
            render(text),
            choose(text, "other").into(),
            pointer(text).to_string(),
            found.into(),
        ]
    }

    #[node(Pipeline, appends = out)]
    async fn call_objects(
        text: &str,
        render: &(dyn Fn(&str) -> String + Send + Sync),
        choose: &(dyn for<'x> Fn(&'x str, &str) -> &'x str + Send + Sync),
    ) -> [String; 2] {
        [render(text), choose(text, "").into()]
    }

    #[node(Pipeline, writes(made, aliased))]
    fn make(text: &str) -> (Box<dyn Fn(&str) -> String + Send + Sync>, Arc<Render>) {
        let own = text.to_string();
        (
            Box::new(move |text| format!("{own}+{text}")),
            Arc::new(Box::new(|text| text.repeat(2))),
        )
    }

    #[node(Pipeline, writes = made)]
    async fn make_one() -> Result<Box<dyn Fn(&str) -> String + Send + Sync>, String> {
        Ok(Box::new(|text| format!("one {text}")))
    }

    #[node(Pipeline, appends = out)]
    fn use_made(
        made: &(dyn Fn(&str) -> String + Send + Sync),
        aliased: Option<&Arc<Render>>,
        text: &str,
    ) -> Option<String> {
        aliased.map(|render| render(&made(text)))
    }

    #[node(Pipeline, appends = out, parallel = 2)]
    async fn each_step(#[each(steps)] step: &fn(&str) -> String, text: &str) -> String {
        step(text)
    }

    struct Prepared;

    #[node(Pipeline)]
    impl Prepared {
        fn prep(&self, text: &str) -> Box<dyn Fn(&str) -> String + Send + Sync> {
            let own = text.len();
            Box::new(move |text| format!("{own}{text}"))
        }
        fn exec(
            &self,
            prep: &(dyn Fn(&str) -> String + Send + Sync),
            pointer: &fn(&str) -> usize,
        ) -> String {
            prep(&pointer("xyz").to_string())
        }
        fn post(
            &self,
            out: &mut Vec<String>,
            render: &dyn Fn(&str) -> String,
            prep: Box<dyn Fn(&str) -> String + Send + Sync>,
            exec: String,
        ) {
            out.push(render(&prep(&exec)));
        }
    }

    #[tokio::test]
    async fn are_fields_parameters_and_values() {
        let mut pipeline = Pipeline {
            text: "ab".into(),
            render: Box::new(|text| format!("<{text}>")),
            choose: Arc::new(|text, _| &text[1..]),
            pointer: |text| text.len(),
            higher: |text, of| text.strip_suffix(&**of),
            made: None,
            aliased: None,
            steps: vec![|text| text.to_uppercase(), |text| text.repeat(2)],
            out: Vec::new(),
        };
        flow! { call >> call_objects >> make >> use_made >> make_one >> each_step >> Prepared; }
            .run(&mut pipeline)
            .await
            .unwrap();
        assert_eq!(
            pipeline.out.join(" "),
            "<ab> b 2 a <ab> b ab+abab+ab AB abab <223>"
        );
        assert_eq!(pipeline.made.unwrap()("x"), "one x");
    }
}

/// References to references, and lifetimes that are omitted or anonymous.
mod lifetimes {
    use super::*;

    #[derive(Clone, Debug)]
    struct Span<'a> {
        text: &'a str,
    }

    #[derive(Shared, Default)]
    struct Page {
        labels: Vec<&'static str>,
        label: &'static str,
        late_label: Option<&'static str>,
        cow: Cow<'static, str>,
        late_cow: Option<Cow<'static, str>>,
        cows: Vec<Cow<'static, str>>,
        table: HashMap<&'static str, Vec<&'static str>>,
        pairs: Vec<(&'static str, String)>,
        span: Option<Span<'static>>,
        mutex: std::sync::Mutex<&'static str>,
        out: Vec<String>,
    }

    #[node(Page, appends = out)]
    async fn read(
        labels: &[&str],
        label: &&str,
        late_label: Option<&&str>,
        cow: &Cow<'_, str>,
        late_cow: Option<&Cow<'_, str>>,
        cows: &[Cow<'_, str>],
        table: &HashMap<&str, Vec<&str>>,
        pairs: &Vec<(&str, String)>,
        mutex: &std::sync::Mutex<&'static str>,
    ) -> [String; 1] {
        let late = late_label.copied().unwrap_or("-");
        let late_cow = late_cow.map_or("-", |cow| cow);
        let mutex = *mutex.lock().unwrap();
        [format!(
            "{labels:?}{label}{late}{cow}{late_cow}{cows:?}{}{pairs:?}{mutex}",
            table["k"][0]
        )]
    }

    #[node(Page, appends = out)]
    fn as_text(
        label: &str,
        cow: &str,
        late_label: &str,
        late_cow: &str,
        span: &Span<'_>,
    ) -> [String; 1] {
        [format!("{label}{cow}{late_label}{late_cow}{}", span.text)]
    }

    #[node(Page, writes(late_label, late_cow, span))]
    fn fill(
        label: &&'static str,
        cow: &Cow<'static, str>,
    ) -> (&'static str, Cow<'static, str>, Span<'static>) {
        (label, cow.clone(), Span { text: "span" })
    }

    #[allow(elided_lifetimes_in_paths)]
    #[node(Page, appends = out)]
    fn left_out(cow: &Cow<str>, late_cow: Option<&Cow<str>>, cows: &[Cow<str>]) -> [String; 1] {
        [format!("{cow}{late_cow:?}{}", cows.len())]
    }

    #[allow(elided_lifetimes_in_paths)]
    #[node(Page, appends = out)]
    async fn each_label(#[each(labels)] label: &&str, #[attempt] attempt: Attempt<'_>) -> String {
        format!("{label}{}", attempt.number())
    }

    #[node(Page, appends = out, parallel = 4)]
    async fn each_cow(#[each(cows)] cow: &Cow<'_, str>) -> String {
        cow.to_string()
    }

    #[node(Page, appends = out)]
    fn each_entry(#[each(table)] entry: (&&str, &Vec<&str>)) -> String {
        format!("{}{:?}", entry.0, entry.1)
    }

    #[node(Page, appends = out)]
    fn each_pair(#[each(pairs)] pair: &(&str, String)) -> String {
        format!("{}{}", pair.0, pair.1)
    }

    struct Borrowing;

    #[node(Page)]
    impl Borrowing {
        fn prep<'s>(&self, labels: &'s [&'s str], cow: &'s Cow<'_, str>) -> Vec<Span<'s>> {
            labels
                .iter()
                .copied()
                .chain([&**cow])
                .map(|text| Span { text })
                .collect()
        }
        fn exec(&self, #[each(prep)] span: &Span<'_>, label: &&str) -> String {
            format!("{}{label}", span.text)
        }
        fn post(&self, label: &&str, cow: &Cow<'_, str>, out: &mut Vec<String>, exec: Vec<String>) {
            out.push(format!("{label}{cow}{}", exec.concat()));
        }
    }

    #[tokio::test]
    async fn may_stand_anywhere_in_a_type() {
        let mut page = Page {
            labels: vec!["a"],
            label: "l",
            cow: "c".into(),
            cows: vec!["d".into()],
            table: HashMap::from([("k", vec!["v"])]),
            pairs: vec![("p", "q".into())],
            ..Default::default()
        };
        flow! { read >> fill >> as_text >> left_out >> each_label >> each_cow >> each_entry >> each_pair >> Borrowing; }
            .run(&mut page)
            .await
            .unwrap();
        let out = [
            r#"["a"]l-c-["d"]v[("p", "q")]"#,
            "lclcspan",
            r#"cSome("c")1"#,
            "a1",
            "d",
            r#"k["v"]"#,
            "pq",
            "lcalcl",
        ];
        assert_eq!(page.out, out);
    }
}

/// Coercions of rustc, for late and other fields, in all steps.
mod coercions {
    use super::*;

    #[derive(Shared, Default)]
    struct Files {
        path: PathBuf,
        late_path: Option<PathBuf>,
        name: OsString,
        bytes: [u8; 3],
        slice: Box<[u8]>,
        shared: Arc<[u8]>,
        text: Box<str>,
        late_text: Option<Arc<str>>,
        boxed: Box<u64>,
        arc: Option<Arc<Vec<String>>>,
        twice: Option<Option<String>>,
        twice_plain: Box<Option<u8>>,
        unit: (),
        out: String,
    }

    #[node(Files, appends = out)]
    async fn read(
        path: &Path,
        late_path: Option<&Path>,
        name: &OsStr,
        bytes: &[u8],
        slice: &[u8],
        shared: &[u8],
        text: &str,
        late_text: Option<&str>,
        boxed: &u64,
        arc: Option<&[String]>,
        unit: &(),
    ) -> String {
        let () = unit;
        let sizes = [
            bytes.len(),
            slice.len(),
            shared.len(),
            arc.map_or(9, <[String]>::len),
        ];
        format!("{path:?}{late_path:?}{name:?}{sizes:?}{text}{late_text:?}{boxed}")
    }

    #[node(Files, writes(late_path, late_text, arc, twice))]
    fn fill(path: &PathBuf) -> (PathBuf, Arc<str>, Arc<Vec<String>>, Option<String>) {
        (
            path.join("x"),
            "late".into(),
            Arc::new(vec!["one".into()]),
            None,
        )
    }

    #[node(Files, appends = out)]
    fn read_late(late_path: &Path, late_text: &str, arc: &[String]) -> String {
        format!("{late_path:?}{late_text}{arc:?}")
    }

    #[node(Files, appends = out)]
    async fn of_option(twice: &Option<String>, twice_plain: &Box<Option<u8>>) -> String {
        format!("{twice:?}{twice_plain:?}")
    }

    #[node(Files, appends = out)]
    async fn of_option_perhaps(twice: Option<&Option<String>>) -> String {
        format!("{twice:?}")
    }

    struct Steps;

    #[node(Files)]
    impl Steps {
        fn prep(
            &self,
            late_path: &Path,
            twice: &Option<String>,
            arc: Option<&Vec<String>>,
        ) -> String {
            format!("{late_path:?}{twice:?}{arc:?}")
        }
        fn exec(&self, prep: &str, text: &str, twice: &Option<String>) -> String {
            format!("{prep}{text}{twice:?}")
        }
        fn post(
            &self,
            twice: &Option<String>,
            late_text: &str,
            unit: Option<&()>,
            out: &mut String,
            exec: String,
        ) {
            *out = format!("{exec}{twice:?}{late_text}{unit:?}");
        }
    }

    #[tokio::test]
    async fn are_made_at_every_borrow() {
        let mut files = Files {
            path: "p".into(),
            text: "t".into(),
            ..Default::default()
        };
        flow! { read >> of_option_perhaps >> fill >> read_late >> of_option; }
            .run(&mut files)
            .await
            .unwrap();
        let out = r#""p"None""[3, 0, 0, 9]tNone0None"p/x"late["one"]NoneNone"#;
        assert_eq!(files.out, out);

        flow! { pub(super) Run(late_path, late_text, twice) { Steps; } }
        Run.run(&mut files).await.unwrap();
        assert_eq!(files.out, r#""p/x"NoneSome(["one"])tNoneNonelateSome(())"#);
    }
}

/// Types with the name of a store, or of something else with a meaning.
mod stores {
    use super::*;

    mod api {
        #[derive(Clone, Debug, Default)]
        pub(super) struct Order(pub(super) u64);
        #[derive(Clone, Debug, Default)]
        pub(super) struct Attempt(pub(super) u8);
    }

    #[derive(Shared, Default)]
    struct Order {
        order: api::Order,
        late_order: Option<api::Order>,
        shared: Vec<api::Order>,
        parent: Option<Box<Task>>,
        attempt: api::Attempt,
        total: u64,
    }

    #[derive(Shared, Default)]
    struct Task {
        name: String,
        parent: Option<Box<Task>>,
        shared: Option<Box<Task>>,
        children: Vec<Task>,
        line: String,
    }

    #[node(Order, writes = total)]
    fn order(order: &api::Order, late_order: Option<&api::Order>, shared: &[api::Order]) -> u64 {
        order.0 + late_order.map_or(0, |order| order.0) + shared.len() as u64
    }

    #[node(Order)]
    async fn attempts(attempt: &api::Attempt, parent: Option<&Task>) {
        assert_eq!((attempt.0, parent.is_none()), (0, true));
    }

    #[node(Task, writes = line)]
    fn parent(name: &str, parent: &Task, children: &[Task], shared: Option<&Task>) -> String {
        format!(
            "{}/{name}{}{}",
            parent.name,
            children.len(),
            shared.is_some()
        )
    }

    #[node(Task)]
    async fn each(#[each(children)] child: &Task, #[attempt] attempt: Try<'_>) {
        assert_eq!((child.name.as_str(), attempt.number()), ("c", 1));
    }

    struct Rename;

    #[node(Task)]
    impl Rename {
        fn exec(&self, parent: &Task) -> String {
            parent.name.clone()
        }
        fn post(&self, parent: &mut Option<Box<Task>>, line: &mut String, exec: String) {
            line.push_str(&exec);
            *parent = None;
        }
    }

    use pocketflow::Attempt as Try;

    #[tokio::test]
    async fn a_name_of_a_type_never_means_the_whole_store() {
        let mut one = Order {
            order: api::Order(2),
            shared: vec![api::Order(1)],
            ..Default::default()
        };
        flow! { order >> attempts; }.run(&mut one).await.unwrap();
        assert_eq!(one.total, 3);

        let boxed = Box::new(Task {
            name: "p".into(),
            ..Default::default()
        });
        let child = Task {
            name: "c".into(),
            ..Default::default()
        };
        let mut task = Task {
            name: "t".into(),
            parent: Some(boxed),
            children: vec![child],
            ..Default::default()
        };
        flow! { pub(super) Run(parent) { parent >> each >> Rename; } }
        Run.run(&mut task).await.unwrap();
        assert_eq!(
            (task.line.as_str(), task.parent.is_none()),
            ("p/t1falsep", true)
        );
    }
}
