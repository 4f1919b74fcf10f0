//! The forms of fields that a flow runs on, and the collections of stores.

use std::collections::{BTreeMap, HashMap, VecDeque};

use pocketflow::{
    EmptyField, Error, Failed, Shared, Stage, StepLimit, StoreItem, StoreItems, flow, node,
};

#[derive(Shared, Default, Debug, Clone, PartialEq)]
struct Page {
    text: Option<String>,
    words: usize,
}

fn page(text: &str) -> Page {
    Page {
        text: Some(text.into()),
        words: 0,
    }
}

#[node(Page, writes = words)]
async fn count(text: &str) -> Result<usize, String> {
    match text {
        "bad" => Err("it cannot be read".into()),
        _ => Ok(text.split_whitespace().count()),
    }
}

flow! {
    /// The text is there.
    Count(text) { count; }
}

struct Book {
    title: Page,
    pages: Vec<Page>,
}

impl StoreItems for Book {
    type Item = Page;

    fn items(&mut self) -> impl Iterator<Item = StoreItem<'_, Page>> + Send {
        let pages = self.pages.iter_mut().map(StoreItem::new);
        std::iter::once(StoreItem::with_key(&"title", &mut self.title)).chain(pages)
    }
}

#[derive(Shared)]
struct Shelf {
    boxed: Box<Page>,
    late: Option<Page>,
    inner: Box<Option<Page>>,
    list: Vec<Page>,
    deque: VecDeque<Page>,
    array: [Page; 2],
    slice: Box<[Page]>,
    map: HashMap<String, Page>,
    tree: BTreeMap<u64, Box<Page>>,
    gaps: Option<Vec<Option<Page>>>,
    book: Book,
    r#type: Page,
    problems: Vec<Failed>,
    late_problems: Option<Vec<Failed>>,
}

impl Default for Shelf {
    fn default() -> Self {
        let two = || [page("a"), page("b c")];
        Self {
            boxed: Box::new(page("a b")),
            late: Some(page("a")),
            inner: Box::new(Some(page("a"))),
            list: two().into(),
            deque: two().into(),
            array: two(),
            slice: Box::new(two()),
            map: [("x".to_owned(), page("a"))].into(),
            tree: [(7, Box::new(page("a b c")))].into(),
            gaps: Some(vec![None, Some(page("a b")), None]),
            book: Book {
                title: page("a"),
                pages: two().into(),
            },
            r#type: page("a"),
            problems: vec![],
            late_problems: None,
        }
    }
}

flow! {
    All(late, gaps): Shelf {
        Count.on(boxed) >> Count.on(late) >> Count.on(inner) >> Count.on(r#type)
            >> Count.each(list) >> Count.each(deque, parallel = 2) >> Count.each(array)
            >> Count.each(slice) >> Count.each(map) >> Count.each(tree, parallel = 2)
            >> Count.each(gaps) >> Count.each(book, parallel = 2);
    }
}

fn counts(shelf: &Shelf) -> Vec<usize> {
    let mut all = vec![
        shelf.boxed.words,
        shelf.late.as_ref().unwrap().words,
        shelf.inner.as_ref().as_ref().unwrap().words,
        shelf.r#type.words,
    ];
    all.extend(shelf.list.iter().map(|page| page.words));
    all.extend(shelf.deque.iter().map(|page| page.words));
    all.extend(shelf.array.iter().map(|page| page.words));
    all.extend(shelf.slice.iter().map(|page| page.words));
    all.extend(shelf.map.values().map(|page| page.words));
    all.extend(shelf.tree.values().map(|page| page.words));
    all.extend(shelf.gaps.iter().flatten().flatten().map(|page| page.words));
    all.extend(
        std::iter::once(&shelf.book.title)
            .chain(&shelf.book.pages)
            .map(|page| page.words),
    );
    all
}

#[tokio::test]
async fn a_flow_runs_on_every_form_of_a_store_and_of_a_collection() {
    for driven in [false, true] {
        let mut shelf = Shelf::default();
        if driven {
            All.with(StepLimit::new(99)).run(&mut shelf).await.unwrap();
        } else {
            All.run(&mut shelf).await.unwrap();
        }
        assert_eq!(
            counts(&shelf),
            [2, 1, 1, 1, 1, 2, 1, 2, 1, 2, 1, 2, 1, 3, 2, 1, 1, 2]
        );
    }
}

async fn both(
    change: impl Fn(&mut Shelf),
    run: impl AsyncFn(&mut Shelf, bool) -> Result<(), Error>,
) -> Error {
    let mut errors = Vec::new();
    for driven in [false, true] {
        let mut shelf = Shelf::default();
        change(&mut shelf);
        errors.push(run(&mut shelf, driven).await.unwrap_err());
    }
    assert_eq!(format!("{:?}", errors[0]), format!("{:?}", errors[1]));
    errors.remove(0)
}

macro_rules! failing {
    ($flow:ident, $change:expr) => {
        both($change, async |shelf: &mut Shelf, driven| match driven {
            true => $flow.with(StepLimit::new(99)).run(shelf).await.map(drop),
            false => $flow.run(shelf).await.map(drop),
        })
        .await
    };
}

flow! { OnInner: Shelf { Count.on(inner); } }
flow! { EachOfMap: Shelf { Count.each(map, parallel = 2); } }
flow! { EachOfBook: Shelf { Count.each(book); } }
flow! { Kept: Shelf { Count.each(list, parallel = 2, failures = problems); } }
flow! { KeptLate: Shelf { Count.each(map, failures = late_problems) >> look; } }
flow! { InFork: Shelf { (Count.each(list, failures = problems), Count.on(boxed)); } }

#[node(Shelf)]
fn look(late_problems: &[Failed]) {
    assert_eq!(late_problems.len(), 1);
}

#[tokio::test]
async fn an_empty_field_and_an_empty_input_are_errors_where_the_run_begins() {
    let error = failing!(OnInner, |shelf| *shelf.inner = None);
    assert_eq!(
        format!("{error:#}"),
        "OnInner > Count.on(inner): prep failed: the late field `inner` of `Shelf` is empty"
    );
    assert!(error.cause().is::<EmptyField>());

    let error = failing!(OnInner, |shelf| *shelf.inner = Some(Page::default()));
    assert_eq!(
        format!("{error:#}"),
        "OnInner > inner: cannot start: the late field `text` of `Page` is empty"
    );
    assert_eq!((error.stage(), error.flow()), (Stage::Start, Some("inner")));

    let error = failing!(EachOfMap, |shelf| {
        shelf.map.insert("y".into(), Page::default());
    });
    assert_eq!(
        format!("{error:#}"),
        "EachOfMap > map[\"y\"]: cannot start: the late field `text` of `Page` is empty"
    );
}

#[tokio::test]
async fn keys_and_indices_name_the_items() {
    let error = failing!(EachOfMap, |shelf| {
        shelf.map.insert("y z".into(), page("bad"));
    });
    assert_eq!(
        format!("{error:#}"),
        "EachOfMap > map[\"y z\"] > count: exec failed: it cannot be read"
    );
    let (field, item) = error.items().next().unwrap();
    assert_eq!(
        (field, item.key(), item.index()),
        ("map", Some("y z"), None)
    );

    let error = failing!(EachOfBook, |shelf| shelf.book.title = page("bad"));
    assert_eq!(
        error.to_string(),
        "EachOfBook > book[\"title\"] > count: exec failed"
    );
    let error = failing!(EachOfBook, |shelf| shelf.book.pages[1] = page("bad"));
    assert_eq!(
        error.to_string(),
        "EachOfBook > book[2] > count: exec failed"
    );
}

#[tokio::test]
async fn failures_are_kept_in_the_order_of_the_items() {
    for driven in [false, true] {
        let mut shelf = Shelf {
            list: vec![page("bad"), page("a b"), page("bad"), page("a")],
            ..Shelf::default()
        };
        shelf.map.insert("y".into(), page("bad"));
        if driven {
            Kept.with(StepLimit::new(99)).run(&mut shelf).await.unwrap();
            KeptLate
                .with(StepLimit::new(99))
                .run(&mut shelf)
                .await
                .unwrap();
        } else {
            Kept.run(&mut shelf).await.unwrap();
            KeptLate.run(&mut shelf).await.unwrap();
        }
        let shown: Vec<_> = shelf
            .problems
            .iter()
            .map(|problem| format!("{problem:#}"))
            .collect();
        assert_eq!(
            shown,
            [
                "Kept > list[0] > count: exec failed: it cannot be read",
                "Kept > list[2] > count: exec failed: it cannot be read"
            ]
        );
        assert_eq!(shelf.problems[1].item, Some(2));
        assert_eq!((shelf.list[1].words, shelf.list[3].words), (2, 1));
        let late = &shelf.late_problems.unwrap()[0];
        assert_eq!(
            (late.item, late.to_string()),
            (None, "KeptLate > map[\"y\"] > count: exec failed".into())
        );
    }
}

#[tokio::test]
async fn the_failures_in_a_fork_are_kept_when_all_branches_are_done() {
    for driven in [false, true] {
        let mut shelf = Shelf {
            list: vec![page("bad"), page("a b")],
            ..Shelf::default()
        };
        if driven {
            InFork
                .with(StepLimit::new(99))
                .run(&mut shelf)
                .await
                .unwrap();
        } else {
            InFork.run(&mut shelf).await.unwrap();
        }
        assert_eq!((shelf.problems.len(), shelf.boxed.words), (1, 2));
    }
}
