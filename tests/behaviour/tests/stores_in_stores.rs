//! Flows of another store on a field, or on every item of a field: what `flow!` makes of them.

// Each is a separate crate elsewhere, and a module here.
#![allow(unreachable_pub)]

/// Program 10 of the documentation.
mod digest {
    use std::path::{Path, PathBuf};

    use anyhow::{Result, ensure};
    use pocketflow::{Action, Shared, flow, node};

    #[derive(Shared, Default)]
    struct Document {
        path: PathBuf,
        text: Option<String>,
        summary: Option<String>,
    }

    #[derive(Shared, Default)]
    struct Desk {
        topic: String,
        notes: String,
        finding: Option<String>,
    }

    #[derive(Shared, Default)]
    struct Library {
        folder: PathBuf,
        documents: Vec<Document>,
        facts: Desk,
        figures: Desk,
        digest: Option<String>,
    }

    #[node(Document, writes = text)]
    fn read(path: &Path) -> Result<String> {
        ensure!(!path.ends_with("lost"), "no such file");
        Ok(format!("text of {}", path.display()))
    }

    #[node(Document, writes = summary)]
    async fn summarize(text: &str) -> Result<String> {
        tokio::task::yield_now().await;
        Ok(text.replace("text", "summary"))
    }

    flow! { pub Summarize { read >> summarize; } }

    #[derive(Action)]
    enum Decision {
        Search,
        Conclude,
    }

    #[node(Desk)]
    async fn decide(topic: &str, notes: &str) -> Decision {
        if notes.len() < 2 * topic.len() {
            Decision::Search
        } else {
            Decision::Conclude
        }
    }

    #[node(Desk, appends = notes)]
    async fn search(topic: &str) -> String {
        tokio::task::yield_now().await;
        topic.to_owned()
    }

    #[node(Desk, writes = finding)]
    async fn conclude(notes: &str) -> String {
        notes.to_owned()
    }

    flow! {
        pub Investigate {
            decide - "search" >> search max 5 else conclude;
            search >> decide;
            decide - "conclude" >> conclude;
        }
    }

    #[node(Library, writes = documents)]
    fn find(folder: &Path) -> Result<Vec<Document>> {
        let name = |name| Document {
            path: folder.join(name),
            ..Document::default()
        };
        Ok(["a", "b", "c"].map(name).into())
    }

    struct Assign;

    #[node(Library)]
    impl Assign {
        fn exec(&self) {}

        fn post(&self, documents: &[Document], facts: &mut Desk, figures: &mut Desk) {
            facts.topic = format!("{} facts", documents.len());
            figures.topic = "x".into();
        }
    }

    #[node(Library, writes = digest)]
    async fn combine(documents: &[Document], facts: &Desk, figures: &Desk) -> Result<String> {
        let summaries: Vec<_> = documents
            .iter()
            .flat_map(|document| &document.summary)
            .collect();
        Ok(format!(
            "{summaries:?} {:?} {:?}",
            facts.finding, figures.finding
        ))
    }

    flow! {
        pub Digest: Library {
            find >> Summarize.each(documents, parallel = 8)
                 >> Assign
                 >> (Investigate.on(facts), Investigate.on(figures))
                 >> combine;
        }
    }

    #[tokio::test]
    async fn every_store_is_that_of_its_own_run() {
        let mut library = Library {
            folder: "books".into(),
            ..Default::default()
        };
        assert_eq!(Digest.run(&mut library).await.unwrap(), DigestExit::Default);
        assert_eq!(
            library.digest.unwrap(),
            "[\"summary of books/a\", \"summary of books/b\", \"summary of books/c\"] \
             Some(\"3 facts3 facts\") Some(\"xx\")"
        );
    }

    #[tokio::test]
    async fn the_run_may_be_spawned() {
        let run = tokio::spawn(async {
            let mut library = Library::default();
            Digest.run(&mut library).await.map(|_| library.digest)
        });
        assert!(run.await.unwrap().unwrap().is_some());
    }

    #[test]
    fn the_graph_names_fields_and_shows_the_flows() {
        let places: Vec<_> = Digest::GRAPH
            .places
            .iter()
            .map(|place| place.name)
            .collect();
        assert_eq!(
            places,
            [
                "find",
                "Summarize.each(documents)",
                "Assign",
                "(Investigate.on(facts), Investigate.on(figures))",
                "combine"
            ]
        );
        let on = Digest::GRAPH.places[1].node.on.unwrap();
        assert_eq!((on.graph.name, on.field), ("Summarize", "documents"));
        assert_eq!(on.each.unwrap().parallel, 8);
        let picture = Digest::GRAPH.to_string();
        assert!(
            picture.contains("subgraph on.1[Summarize, each of documents, 8 at a time]"),
            "{picture}"
        );
        assert!(
            picture.contains("subgraph fork.3.on.1[Investigate, on figures]"),
            "{picture}"
        );
    }
}

/// Exits, declared places, configuration, options: the forms of a place.
mod forms {
    use std::collections::BTreeMap;

    use pocketflow::{Action, Failed, Shared, flow, node};

    #[derive(Shared, Default)]
    pub struct Box1 {
        r#type: u32,
        log: Vec<String>,
    }

    #[derive(Shared, Default)]
    pub struct Shelf {
        limit: u32,
        r#in: Box1,
        late: Option<Box1>,
        boxes: Vec<Box1>,
        named: BTreeMap<String, Box1>,
        problems: Vec<Failed>,
        late_problems: Option<Vec<Failed>>,
        log: Vec<String>,
    }

    #[derive(Action)]
    pub enum Size {
        Small,
        Large,
    }

    #[node(Box1)]
    fn measure(r#type: &u32) -> Size {
        if *r#type < 10 {
            Size::Small
        } else {
            Size::Large
        }
    }

    #[node(Box1, appends = log)]
    fn fill() -> [String; 1] {
        ["filled".into()]
    }

    flow! {
        pub Pack {
            measure - "small" >> fill;
            measure - "large" >> end "too_large";
        }
    }

    #[node(Box1, appends = log)]
    async fn weigh(r#type: &u32) -> Result<[String; 1], String> {
        tokio::task::yield_now().await;
        if *r#type == 13 {
            Err("the scales broke".into())
        } else {
            Ok([format!("{type} g", type = r#type)])
        }
    }

    flow! { pub Weigh { weigh; } }

    /// A flow with a node that has a configuration.
    pub struct Label {
        text: &'static str,
    }

    #[node(Box1, appends = log)]
    impl Label {
        fn exec(&self) -> [String; 1] {
            [self.text.into()]
        }
    }

    flow! {
        pub Stick {
            label: Label;
            label;
        }
    }

    #[node(Shelf, writes = late)]
    fn deliver(limit: &u32) -> Box1 {
        Box1 {
            r#type: *limit,
            ..Default::default()
        }
    }

    #[node(Shelf, appends = log)]
    fn reject() -> [String; 1] {
        ["rejected".into()]
    }

    const TWO: usize = 2;

    mod inner {
        pub(super) use super::Pack;
    }

    flow! {
        pub Store: Shelf {
            once_more: inner::Pack.on(late);
            deliver >> Pack.on(late);
            Pack.on(late) >> once_more - "too_large" >> end;
            Pack.on(late) - "too_large" >> reject >> Pack.on(r#in);
            once_more >> Pack.on(r#in) - "too_large" >> end "in";
            Pack.on(r#in) >> inner::Pack.each(boxes);
        }
    }

    #[tokio::test]
    async fn the_exits_of_a_flow_on_a_field_are_the_actions_of_the_place() {
        let run = |limit, kind| async move {
            let mut shelf = Shelf {
                limit,
                ..Default::default()
            };
            shelf.r#in.r#type = kind;
            shelf.boxes.push(Box1::default());
            let store = Store { once_more: Pack };
            (store.run(&mut shelf).await.unwrap(), shelf)
        };
        let (exit, shelf) = run(3, 4).await;
        assert_eq!(exit, StoreExit::Default);
        // It ran twice on the late field.
        assert_eq!(shelf.late.unwrap().log, ["filled", "filled"]);
        assert_eq!((shelf.r#in.log.len(), shelf.boxes[0].log.len()), (1, 1));
        let (exit, shelf) = run(30, 40).await;
        assert_eq!(exit, StoreExit::In);
        assert_eq!((shelf.late.unwrap().log.len(), shelf.log.len()), (0, 1));
    }

    flow! {
        pub Sticker: Shelf {
            stick: Stick;
            (stick.on(r#in), stick.each(boxes, parallel = TWO), stick.each(named, parallel = unbounded));
        }
    }

    #[tokio::test]
    async fn a_declared_flow_runs_on_several_fields() {
        let mut shelf = Shelf {
            boxes: weights(&[0; 3]),
            ..Default::default()
        };
        shelf.named.insert("x".into(), Box1::default());
        let sticker = Sticker {
            stick: Stick {
                label: Label { text: "fragile" },
            },
        };
        sticker.run(&mut shelf).await.unwrap();
        let boxes = shelf
            .boxes
            .iter()
            .chain(shelf.named.values())
            .chain([&shelf.r#in]);
        assert_eq!(
            boxes.map(|one| one.log.concat()).collect::<Vec<_>>(),
            ["fragile"; 5]
        );
    }

    flow! {
        pub Scales: Shelf {
            Weigh.each(boxes, parallel = 3, failures = problems) >> Weigh.each(named);
            // Options are written at any mention.
            Weigh.each(named, failures = late_problems);
        }
    }

    flow! {
        pub Strict: Shelf {
            Weigh.each(boxes, parallel = 3);
            Weigh.each(boxes) - error >> reject;
        }
    }

    fn weights(of: &[u32]) -> Vec<Box1> {
        let one = |kind: &u32| Box1 {
            r#type: *kind,
            ..Default::default()
        };
        of.iter().map(one).collect()
    }

    #[tokio::test]
    async fn the_failures_of_items_go_to_their_field() {
        let mut shelf = Shelf {
            boxes: weights(&[1, 13, 2, 13]),
            ..Default::default()
        };
        for (name, one) in ["a", "b"].into_iter().zip(weights(&[13, 1])) {
            shelf.named.insert(name.into(), one);
        }
        Scales.run(&mut shelf).await.unwrap();
        let items: Vec<_> = shelf.problems.iter().map(|failed| failed.item).collect();
        assert_eq!(items, [Some(1), Some(3)]);
        assert_eq!(shelf.problems[0].cause(), "the scales broke");
        assert_eq!(shelf.boxes[2].log, ["2 g"]);
        assert_eq!(shelf.late_problems.unwrap().len(), 1);
        assert_eq!(shelf.named["b"].log, ["1 g"]);
    }

    #[tokio::test]
    async fn a_failure_on_a_field_follows_the_error_edge_of_the_place() {
        let mut shelf = Shelf {
            boxes: weights(&[1, 13, 2]),
            ..Default::default()
        };
        Strict.run(&mut shelf).await.unwrap();
        assert_eq!(shelf.log, ["rejected"]);
    }

    #[tokio::test]
    async fn an_error_names_the_item() {
        flow! { pub Plain: Shelf { Weigh.each(boxes); } }
        flow! { pub Single: Shelf { Weigh.on(r#in); } }
        let mut shelf = Shelf {
            boxes: weights(&[1, 13, 2]),
            ..Default::default()
        };
        shelf.r#in.r#type = 13;
        let error = Plain.run(&mut shelf).await.unwrap_err();
        assert_eq!(error.to_string(), "Plain > boxes[1] > weigh: exec failed");
        let error = Single.run(&mut shelf).await.unwrap_err();
        assert_eq!(error.to_string(), "Single > in > weigh: exec failed");
    }

    #[test]
    fn the_steps_on_fields_are_bounded() {
        flow! {
            pub Bounded(late): Shelf {
                (Weigh.on(r#in), Weigh.on(late)) >> Pack.on(late) >> end;
                Pack.on(late) - "too_large" >> end;
            }
        }
        const MOST: u64 = Bounded::MAX_STEPS;
        assert_eq!(MOST, (1 + 1 + 1) + (1 + 2));
    }
}

/// Three levels: a school, its classes and their students.
mod school {
    use pocketflow::{Shared, flow, node};

    #[derive(Shared, Default)]
    struct Student {
        scores: Vec<u32>,
        average: Option<u32>,
    }

    #[derive(Shared, Default)]
    struct Class {
        students: Vec<Student>,
        best: Option<u32>,
    }

    #[derive(Shared, Default)]
    struct School {
        classes: Vec<Class>,
        report: Option<String>,
    }

    #[node(Student, writes = average)]
    fn average(scores: &[u32]) -> u32 {
        scores.iter().sum::<u32>() / scores.len() as u32
    }

    flow! { Grade { average; } }

    #[node(Class, writes = best)]
    fn best(students: &[Student]) -> u32 {
        students
            .iter()
            .flat_map(|student| student.average)
            .max()
            .unwrap_or(0)
    }

    flow! { Rank: Class { Grade.each(students, parallel = 4) >> best; } }

    #[node(School, writes = report)]
    fn report(classes: &[Class]) -> String {
        format!(
            "{:?}",
            classes.iter().map(|class| class.best).collect::<Vec<_>>()
        )
    }

    flow! { Review: School { Rank.each(classes, parallel = 2) >> report; } }

    #[tokio::test]
    async fn a_school_is_graded_without_a_copy() {
        let student = |score| Student {
            scores: vec![score, score + 2],
            ..Default::default()
        };
        let class = |scores: [u32; 2]| Class {
            students: scores.map(student).into(),
            ..Default::default()
        };
        let mut school = School {
            classes: vec![class([1, 7]), class([3, 2])],
            ..Default::default()
        };
        Review.run(&mut school).await.unwrap();
        assert_eq!(school.report.unwrap(), "[Some(8), Some(4)]");
    }
}
