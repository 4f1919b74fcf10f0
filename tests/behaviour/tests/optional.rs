//! Values that may be missing: nodes that return an `Option`, and fields of a variant that set a
//! late field or clear it.

// Each is a separate crate elsewhere, and a module here.
#![allow(unreachable_pub)]

/// Program 8 of the documentation.
mod tools {
    use pocketflow::{Action, Shared, flow, node};
    use serde::Deserialize;

    #[derive(Clone, Debug, PartialEq)]
    pub struct Passage(String);

    #[derive(Shared, Default)]
    pub struct Assistant {
        question: String,
        history: String,
        found: Option<Vec<Passage>>,
        path: Option<String>,
        line: Option<u32>,
        /// The replies of the model.
        replies: Vec<&'static str>,
        log: Vec<String>,
    }

    #[derive(Action, Deserialize)]
    #[action(Assistant)]
    #[serde(tag = "action", rename_all = "snake_case")]
    enum Tool {
        Read {
            path: String,
            line: Option<u32>, // `line: Option<u32>` in the store: taken without it, it is empty again
        },
        Complain {
            #[appends]
            history: String,
        },
        Done,
    }

    #[node(Assistant, writes = found)] // `found: Option<Vec<Passage>>` in the store: *maybe* filled after this node
    fn recall(question: &str) -> Option<Vec<Passage>> {
        (!question.is_empty()).then(|| vec![Passage(question.into())])
    }

    struct Choose;

    #[node(Assistant)]
    impl Choose {
        fn exec(&self, replies: &[&'static str]) -> Result<Tool, serde_yaml::Error> {
            serde_yaml::from_str(replies[0])
        }

        fn post(&self, replies: &mut Vec<&'static str>, exec: Tool) -> Tool {
            replies.remove(0);
            exec
        }
    }

    #[node(Assistant, appends = log)]
    fn read(path: &str, line: Option<&u32>, found: Option<&[Passage]>) -> [String; 1] {
        [format!("{path}:{line:?} {}", found.map_or(0, <[_]>::len))]
    }

    flow! {
        pub Assist {
            choose: Choose;
            recall >> choose;
            choose - "read" >> read >> choose;
            choose - "complain" >> choose;
            choose - "done" >> end;
        }
    }

    #[tokio::test]
    async fn an_argument_that_is_left_out_is_not_that_of_the_last_lap() {
        let mut assistant = Assistant {
            question: "why?".into(),
            history: "> ".into(),
            replies: vec![
                "{ action: read, path: a.rs, line: 7 }",
                "{ action: read, path: b.rs }",
                "{ action: complain, history: 'not there' }",
                "{ action: complain, history: '!' }",
                "{ action: read, path: c.rs, line: 9 }",
                "{ action: done }",
            ],
            ..Default::default()
        };
        let choose = Choose;
        Assist { choose }.run(&mut assistant).await.unwrap();
        assert_eq!(
            assistant.log,
            ["a.rs:Some(7) 1", "b.rs:None 1", "c.rs:Some(9) 1"]
        );
        assert_eq!(assistant.history, "> not there!");
        assert_eq!(assistant.line, Some(9));
        assert_eq!(assistant.found.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_node_that_finds_nothing_empties_its_field() {
        let mut assistant = Assistant {
            found: Some(vec![Passage("of the last run".into())]),
            replies: vec!["{ action: done }"],
            ..Default::default()
        };
        let choose = Choose;
        Assist { choose }.run(&mut assistant).await.unwrap();
        assert_eq!(assistant.found, None);
    }

    #[test]
    fn the_description_tells_what_is_filled_and_what_may_be_empty() {
        let graph = Assist::GRAPH;
        let field = |name| Assistant::STORE.field(name).unwrap();
        let has = |sets: &[u64], action: usize, name| sets[action] >> field(name) & 1 == 1;
        let recall = graph.places[graph.place("recall").unwrap()].node;
        assert!(!has(recall.writes, 0, "found"));
        assert!(has(recall.clears, 0, "found") && has(recall.assigns, 0, "found"));
        let choose = graph.places[graph.place("choose").unwrap()].node;
        assert!(has(choose.writes, 0, "path") && !has(choose.clears, 0, "path"));
        assert!(!has(choose.writes, 0, "line") && has(choose.clears, 0, "line"));
        assert!(has(choose.writes, 1, "history") && !has(choose.clears, 1, "line"));
        assert!(has(choose.optional_reads, 0, "history"));
    }
}

/// The forms of a node, and the kinds of field.
mod forms {
    use pocketflow::{Action, Attempt, Shared, flow, node};

    #[derive(Shared, Default, Debug, PartialEq)]
    pub struct Store {
        given: Option<u32>,
        a: Option<u32>,
        b: Option<String>,
        /// What is missing is a value here, so the field is always filled.
        twice: Option<Option<u32>>,
        log: Vec<u32>,
        late_log: Option<Vec<u32>>,
    }

    #[node(Store, writes = a)]
    async fn fallible(given: Option<&u32>) -> Result<Option<u32>, &'static str> {
        given
            .copied()
            .map_or(Err("nothing"), |given| Ok((given > 1).then_some(given)))
    }

    #[node(Store, writes(a, b))]
    fn both(given: Option<&u32>) -> (Option<u32>, String) {
        (given.copied(), "b".into())
    }

    #[node(Store, writes = twice)]
    fn keeps(a: Option<&u32>) -> Option<u32> {
        a.copied()
    }

    /// What holds an `Option` is filled, so a plain read is fine.
    #[node(Store, appends = log)]
    fn reads_twice(twice: &Option<u32>) -> Option<u32> {
        *twice
    }

    struct Configured;

    #[node(Store, writes = a, attempts = 2)]
    impl Configured {
        fn exec(
            &self,
            #[attempt] attempt: Attempt<'_>,
        ) -> Result<std::option::Option<u32>, &'static str> {
            match attempt.number() {
                1 => Err("again"),
                _ => Ok(None),
            }
        }
    }

    flow! { pub Both { both >> keeps >> reads_twice; } }
    flow! { pub One { fallible; } }
    flow! { pub Impl { configured: Configured; configured; } }

    #[tokio::test]
    async fn an_option_sets_or_clears() {
        let mut store = Store {
            a: Some(9),
            ..Default::default()
        };
        Both.run(&mut store).await.unwrap();
        let expected = Store {
            b: Some("b".into()),
            twice: Some(None),
            ..Default::default()
        };
        assert_eq!(store, expected);
        store.given = Some(3);
        Both.run(&mut store).await.unwrap();
        assert_eq!(
            (store.a, store.twice, &store.log[..]),
            (Some(3), Some(Some(3)), &[3][..])
        );
    }

    #[tokio::test]
    async fn a_result_of_an_option_does_so_too() {
        let mut store = Store {
            given: Some(1),
            a: Some(9),
            ..Default::default()
        };
        One.run(&mut store).await.unwrap();
        assert_eq!(store.a, None);
        store.given = Some(2);
        One.run(&mut store).await.unwrap();
        assert_eq!(store.a, Some(2));
        // A failure leaves the field as it was.
        store.given = None;
        One.run(&mut store).await.unwrap_err();
        assert_eq!(store.a, Some(2));
        let configured = Configured;
        Impl { configured }.run(&mut store).await.unwrap();
        assert_eq!(store.a, None);
    }

    #[derive(Action)]
    #[action(Store)]
    enum Choice {
        Twice {
            twice: Option<u32>,
            a: Option<u32>,
        },
        Log {
            #[appends]
            log: Vec<u32>,
            #[appends]
            late_log: [u32; 1],
            b: Option<String>,
        },
    }

    #[node(Store)]
    fn choose(log: &[u32]) -> Choice {
        match log.len() {
            0 => Choice::Log {
                log: vec![1, 2],
                late_log: [3],
                b: None,
            },
            _ => Choice::Twice {
                twice: None,
                a: Some(4),
            },
        }
    }

    flow! { pub Choices { choose - "log" >> choose; choose - "twice" >> reads_twice; } }

    #[tokio::test]
    async fn so_do_the_fields_of_a_variant() {
        let mut store = Store {
            a: Some(9),
            b: Some("old".into()),
            ..Default::default()
        };
        Choices.run(&mut store).await.unwrap();
        let expected = Store {
            a: Some(4),
            twice: Some(None),
            log: vec![1, 2],
            late_log: Some(vec![3]),
            ..Default::default()
        };
        assert_eq!(store, expected);
    }
}

/// An exit that may leave a field empty, and one that does not touch it.
mod nested {
    use pocketflow::{Action, FlowPosition, Shared, flow, node};

    #[derive(Shared, Default)]
    pub struct Store {
        size: u32,
        found: Option<u32>,
        shown: String,
    }

    #[node(Store, writes = found)]
    fn first() -> u32 {
        1
    }

    #[derive(Action)]
    enum Size {
        Small,
        Large,
    }

    #[node(Store)]
    fn measure(size: &u32) -> Size {
        if *size < 10 { Size::Small } else { Size::Large }
    }

    #[node(Store, writes = found)]
    fn refine(size: &u32) -> Option<u32> {
        (*size > 20).then_some(*size)
    }

    #[node(Store, writes = shown)]
    fn show(found: &u32) -> String {
        found.to_string()
    }

    #[node(Store, writes = shown)]
    fn show_any(found: Option<&u32>) -> String {
        format!("{found:?}")
    }

    flow! {
        pub Refine {
            measure - "small" >> end "as_it_was";
            measure - "large" >> refine;
        }
    }

    flow! {
        pub Around {
            first >> Refine;
            Refine - "as_it_was" >> show;
            Refine - "default" >> show_any;
        }
    }

    #[tokio::test]
    async fn the_exit_says_whether_the_field_is_still_filled() {
        for (size, shown) in [(1, "1"), (15, "None"), (25, "Some(25)")] {
            let mut store = Store {
                size,
                ..Default::default()
            };
            Around.run(&mut store).await.unwrap();
            assert_eq!(store.shown, shown);
        }
    }

    flow! { pub Changed { refine >> show_any >> last; } }

    #[node(Store)]
    fn last(found: Option<&u32>) {
        _ = found;
    }

    #[test]
    fn the_rest_of_a_run_counts_what_may_be_emptied() {
        let at = |place: &str| FlowPosition {
            flow: "Around".into(),
            fingerprint: 0,
            place: place.into(),
            taken: vec![],
        };
        let unfilled =
            |place: &str, taken| Around::GRAPH.unfilled_from(&[at(place)], taken, |_| true);
        assert!(unfilled("first", None).is_empty());
        assert!(unfilled("Refine", Some("as_it_was")).is_empty());
        assert!(
            Changed::GRAPH
                .unfilled_from(&[at("refine")], None, |_| false)
                .is_empty()
        );
    }
}

/// In a fork, and around drivers.
mod fork {
    use pocketflow::{Shared, StepLimit, flow, node};

    #[derive(Shared, Default)]
    pub struct Store {
        a: Option<u32>,
        b: Option<u32>,
        seen: String,
    }

    #[node(Store, writes = a)]
    fn one() -> Option<u32> {
        None
    }

    #[node(Store, writes = b)]
    fn other() -> Option<u32> {
        Some(2)
    }

    #[node(Store, writes = seen)]
    fn look(a: Option<&u32>, b: Option<&u32>) -> String {
        format!("{a:?} {b:?}")
    }

    flow! { pub Fork { (one, other) >> look; } }

    #[tokio::test]
    async fn each_branch_sets_or_clears_its_field() {
        let mut store = Store {
            a: Some(1),
            ..Default::default()
        };
        Fork.with(StepLimit::new(9)).run(&mut store).await.unwrap();
        assert_eq!(store.seen, "None Some(2)");
    }
}
