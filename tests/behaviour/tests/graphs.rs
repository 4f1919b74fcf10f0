//! The graph of a flow: its description, its diagram, its fingerprint.

use std::io::Write;
use std::process::{Command, Stdio};

use pocketflow::{Action, Edge, Graph, Place, Shared, Target, flow, node};
use pocketflow_behaviour::Steps;

#[derive(Shared, Default)]
struct Order {
    total_cents: u64,
    card: Option<String>,
}

#[derive(Action)]
#[action(Order)]
enum Verdict {
    Approved { card: String },
    Rejected,
}

#[derive(Action)]
enum Answer {
    Ok,
    Busy,
    Declined,
}

#[node(Order)]
fn review(total_cents: &u64) -> Verdict {
    if *total_cents < 100 {
        Verdict::Approved { card: "1".into() }
    } else {
        Verdict::Rejected
    }
}

#[node(Order)]
async fn authorize(card: &str) -> Answer {
    match card.len() {
        0 => Answer::Declined,
        1 => Answer::Ok,
        _ => Answer::Busy,
    }
}

#[node(Order)]
fn capture(card: &str) {
    assert!(!card.is_empty());
}

#[node(Order)]
fn ship() {}

/// A name that is a reserved word of Mermaid.
#[node(Order)]
fn style() {}

flow! {
    /// Charges the card.
    pub Payment(card) {
        authorize - "ok" >> capture;
        authorize - "busy" >> authorize max 3 else end "declined";
        authorize - "declined" >> end "declined";
    }
}

flow! {
    /// Sells.
    pub Shop {
        review - "approved" >> Payment >> style >> ship;
        Payment - "declined" >> end;
        review - "rejected" >> end "refused";
    }
}

#[test]
fn a_graph_is_a_constant_description() {
    let graph: &'static Graph = Shop::GRAPH;
    assert_eq!(graph.name, "Shop");
    let places: Vec<_> = graph.places.iter().map(|place| place.name).collect();
    assert_eq!(places, ["review", "Payment", "style", "ship"]);
    assert_eq!(graph.exits, ["default", "refused"]);
    assert_eq!(graph.places[1].node.flow.unwrap().inputs, ["card"]);
    assert_eq!(graph.places[1].node.actions, ["declined", "default"]);
    let Edge {
        from, action, to, ..
    } = graph.edges[4];
    assert_eq!((from, action, to), (0, "rejected", Target::Exit(1)));
}

#[test]
fn a_graph_prints_as_mermaid_with_nested_flows_as_subgraphs() {
    let picture = r#"flowchart TD
    review([review])
    subgraph Payment[Payment]
        Payment.authorize([authorize])
        Payment.capture[capture]
        Payment.exit.0((declined))
        Payment.authorize -->|ok| Payment.capture
        Payment.authorize -->|busy, at most 3| Payment.authorize
        Payment.authorize -->|busy, then| Payment.exit.0
        Payment.authorize -->|declined| Payment.exit.0
    end
    style_[style]
    exit.0((end))
    exit.1((refused))
    review -->|approved| Payment
    Payment --> style_
    style_ --> ship
    Payment -->|declined| exit.0
    review -->|rejected| exit.1
    ship --> exit.0"#;
    assert_eq!(Shop::GRAPH.to_string(), picture);
}

#[tokio::test]
async fn a_nested_flow_leaves_by_its_exits() {
    let mut order = Order {
        total_cents: 5,
        ..Default::default()
    };
    assert_eq!(Shop.run(&mut order).await.unwrap(), ShopExit::Default);
    let mut order = Order {
        total_cents: 500,
        ..Default::default()
    };
    assert_eq!(Shop.run(&mut order).await.unwrap(), ShopExit::Refused);
    let mut order = Order {
        total_cents: 5,
        card: Some(String::new()),
    };
    assert_eq!(
        Payment.run(&mut order).await.unwrap(),
        PaymentExit::Declined
    );
}

#[tokio::test]
async fn a_bound_is_counted_per_run_of_its_flow() {
    let mut order = Order {
        total_cents: 5,
        card: Some("12".into()),
    };
    for _ in 0..2 {
        let steps = Steps::default();
        let exit = Payment.with(&steps).run(&mut order).await.unwrap();
        assert_eq!((exit, steps.count()), (PaymentExit::Declined, 4));
    }
}

#[test]
fn a_fingerprint_changes_with_the_graph_and_only_with_it() {
    let first = flow! { review - "approved" >> ship; review - "rejected" >> end; };
    let same = flow! { review - "approved" >> ship; review - "rejected" >> end; };
    let other = flow! { review - "approved" >> ship; review - "rejected" >> end "x"; };
    let place_for_exit = flow! { review - "approved" >> ship; review - "rejected" >> ship; };
    assert_eq!(first.graph().fingerprint(), same.graph().fingerprint());
    assert_ne!(first.graph().fingerprint(), other.graph().fingerprint());
    assert_ne!(
        first.graph().fingerprint(),
        place_for_exit.graph().fingerprint()
    );
    assert_ne!(Shop::GRAPH.fingerprint(), Payment::GRAPH.fingerprint());
}

/// Everything that Mermaid could interpret as more than text.
#[derive(Action)]
#[allow(dead_code)]
enum Odd {
    #[action("say \"hi\"")]
    Quotes,
    #[action("a|b")]
    Pipe,
    #[action("[x] (y) {z} <b>w</b>")]
    Brackets,
    #[action("#35; & &amp; ; %%{init: 1}%%")]
    Entities,
    #[action("two\nlines")]
    Lines,
    #[action("- item")]
    List,
    #[action("1. item")]
    Numbers,
    #[action("_soft_ *hard* `code` $$x$$ ~~gone~~")]
    Markdown,
    #[action("搜索 🎉")]
    Unicode,
    #[action("end")]
    End,
    #[action(" ")]
    Blank,
    #[action("style a:b#c; classDef d:e#f;")]
    Styles,
    #[action("--> x --- o==> y")]
    Arrows,
    #[action("C:\\new\\table fa:fa-ban")]
    Backslash,
}

#[node(Order)]
fn odd() -> Odd {
    Odd::End
}

macro_rules! nodes {
    ($($name:ident)*) => { $(
        #[allow(non_camel_case_types)]
        struct $name {}

        #[node(Order)]
        impl $name {
            fn exec(&self) {}
        }
    )* };
}
nodes!(
    interpolate _self _blank _parent _top default click call class classDef href graph flowchart subgraph linkStyle
    direction style_ o x ox xo v TD LR TB accTitle accDescr constructor __proto__ toString __x _soft_ 搜索 über 𠀀
    place exit start r#await r#end r#match
);

flow! {
    /// All unusual texts.
    pub Texts {
        odd - "say \"hi\"" >> end "said \"hi\"";
        odd - "a|b" >> o;
        odd - "[x] (y) {z} <b>w</b>" >> end "(out) [of] {here} | ((x))";
        odd - "#35; & &amp; ; %%{init: 1}%%" >> x;
        odd - "two\nlines" >> end "end of\nit";
        odd - "- item" >> end "- the item";
        odd - "1. item" >> end "a 1. item";
        odd - "_soft_ *hard* `code` $$x$$ ~~gone~~" >> end "_over_";
        odd - "搜索 🎉" >> end "完 🎉";
        odd - "end" >> end "end";
        odd - " " >> o;
        odd - "style a:b#c; classDef d:e#f;" >> odd max 3 else x;
        odd - "--> x --- o==> y" >> ox;
        odd - "C:\\new\\table fa:fa-ban" >> xo;
    }
}

flow! {
    /// All names that are words of Mermaid or JavaScript, or are in another script.
    pub Names {
        r#end >> interpolate >> _self >> _blank >> _parent >> _top >> default >> click >> call >> class >> classDef >> href
            >> graph >> flowchart >> subgraph >> linkStyle >> direction >> style >> style_ >> o >> x >> ox >> xo >> v >> TD
            >> LR >> TB >> accTitle >> accDescr >> constructor >> __proto__ >> toString >> __x >> _soft_ >> 搜索 >> über >> 𠀀
            >> place >> exit >> start >> r#await >> r#match;
    }
}

flow! { 内 { 搜索 >> r#end >> (default, 𠀀, _self) >> graph; } }

flow! {
    /// All of them inside another flow.
    pub Nested {
        first: 内;
        r#end: Texts;
        graph: Names;
        first >> (interpolate, _blank, über, __x) >> r#end >> graph >> await(card) >> end "<end>";
        r#end - "said \"hi\"" >> 内;
        r#end - "(out) [of] {here} | ((x))" >> end "a|b";
        r#end - "end of\nit" >> graph;
        r#end - "- the item" >> graph;
        r#end - "a 1. item" >> graph;
        r#end - "_over_" >> graph;
        r#end - "完 🎉" >> graph;
        r#end - "end" >> graph;
        内 >> end;
    }
}

#[derive(Shared, Default)]
struct Market {
    first: Order,
    r#end: Order,
    graph: Option<Order>,
    stalls: Vec<Order>,
}

flow! {
    /// Flows of another store, alone and in a fork, and inside other flows.
    pub Trade(graph): Market {
        style: 内.on(graph);
        内.each(stalls, parallel = 8) >> (内.on(r#end), 内.on(first), 内.each(stalls)) >> style
            >> Payment.on(graph) - "declined" >> end "no";
        Payment.on(graph) >> Names.each(stalls, parallel = unbounded);
    }
}

#[derive(Shared, Default)]
struct Town {
    markets: Vec<Market>,
}

flow! {
    /// One more level.
    pub Season: Town {
        Trade.each(markets) >> end;
    }
}

#[test]
fn an_odd_text_is_quoted_and_an_odd_name_is_marked() {
    let texts = Texts::GRAPH.to_string();
    for line in [
        r#"odd -->|"say #34;hi#34;"| exit.0"#,
        r#"odd -->|"a#124;b"| o"#,
        r#"odd -->|"two<br>lines"| exit.2"#,
        r#"exit.7((end))"#,
        r#"odd -->|end| exit.7"#,
    ] {
        assert!(
            texts.lines().any(|found| found.trim() == line),
            "{line} in {texts}"
        );
    }
    let names = Names::GRAPH.to_string();
    for line in [
        "end_([end])",
        "_self_ --> _blank_",
        "style_ --> style__",
        r##"style__["style#95;"]"##,
        "toString_ --> place.32",
    ] {
        assert!(
            names.lines().any(|found| found.trim() == line),
            "{line} in {names}"
        );
    }
}

/// Draws the graphs, including those in the documentation, with the real Mermaid, which must accept
/// each and show the intended words.
#[test]
#[ignore = "needs Chromium and Node: .ci/run runs it"]
fn mermaid_shows_every_graph_as_it_is_meant() {
    let mut graphs = Vec::new();
    for graph in [
        Shop::GRAPH,
        Payment::GRAPH,
        Texts::GRAPH,
        Names::GRAPH,
        内::GRAPH,
        Nested::GRAPH,
        Trade::GRAPH,
        Season::GRAPH,
    ] {
        let mut words = Vec::new();
        words_of(graph, &mut words);
        graphs.push((graph.to_string(), words));
    }
    for file in [
        "examples/README.md",
        "pocketflow-core/docs/flow.md",
        "pocketflow-core/docs/node.md",
    ] {
        let text = std::fs::read_to_string(format!("{}/../../{file}", env!("CARGO_MANIFEST_DIR")))
            .unwrap();
        let blocks = text
            .split("```mermaid\n")
            .skip(1)
            .filter_map(|block| block.split("\n```").next());
        graphs.extend(blocks.map(|block| (block.to_owned(), Vec::new())));
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/tests/browser");
    let mut node = Command::new("node");
    let mut node = node
        .arg("mermaid.mjs")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .spawn()
        .expect("Node");
    let json = |text: &String| {
        let escaped = text
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        format!("\"{escaped}\"")
    };
    for (graph, words) in &graphs {
        let words: Vec<_> = words.iter().map(json).collect();
        writeln!(
            node.stdin.as_mut().unwrap(),
            "[{}, [{}]]",
            json(graph),
            words.join(", ")
        )
        .unwrap();
    }
    drop(node.stdin.take());
    assert!(
        node.wait().unwrap().success(),
        "Mermaid reads something else: look above"
    );
}

/// The words that a graph's diagram must show.
fn words_of(graph: &Graph, words: &mut Vec<String>) {
    for place in graph.places {
        if let Some(on) = place.node.on {
            title_of(place, words);
            words_of(on.graph, words);
            continue;
        }
        match (place.node.flow, place.node.waits) {
            (_, Some(field)) => words.push(format!("await {field}")),
            _ if !place.fork.is_empty() => {
                words.push("at the same time".into());
                for node in place.fork {
                    title_of(node, words);
                }
            }
            (flow, None) => {
                words.push(place.name.into());
                flow.into_iter().for_each(|flow| words_of(flow, words));
            }
        }
    }
    for edge in graph.edges.iter().filter(|edge| edge.written) {
        let named = edge.action != "default";
        match edge.bound {
            Some(bound) if named => {
                words.push(format!("{}, at most {}", edge.action, bound.max));
                words.push(format!("{}, then", edge.action));
            }
            None if named => words.push(edge.action.into()),
            _ => {}
        }
        if let Target::Exit(exit) = edge.to {
            words.push(
                if graph.exits[exit] == "default" {
                    "end"
                } else {
                    graph.exits[exit]
                }
                .into(),
            );
        }
    }
}

/// What a branch of a fork, or a flow on a field, is called.
fn title_of(place: &Place, words: &mut Vec<String>) {
    let Some(on) = place.node.on else {
        return words.push(place.name.to_owned());
    };
    let name = match place.name.split_once('.') {
        Some((flow, _)) => flow,
        None => place.name,
    };
    words.push(match on.each.map(|each| each.parallel) {
        None => format!("{name}, on {}", on.field),
        Some(1) => format!("{name}, each of {}", on.field),
        Some(usize::MAX) => format!("{name}, each of {}, all at the same time", on.field),
        Some(width) => format!("{name}, each of {}, {width} at a time", on.field),
    });
}

mod resumed {
    use pocketflow::{Action, FlowPosition, Graph, Shared, flow, node};

    #[derive(Shared, Default)]
    struct Order {
        note: String,
        address: Option<String>,
        paid: Option<bool>,
        label: Option<String>,
    }

    #[node(Order, writes = address)]
    fn ask(note: &str) -> String {
        note.into()
    }

    #[derive(Action)]
    #[action(Order)]
    enum Asked {
        Paid {
            paid: bool,
        },
        #[allow(dead_code)]
        Unpaid,
    }

    #[node(Order)]
    fn pay() -> Asked {
        Asked::Paid { paid: true }
    }

    #[node(Order, writes = label)]
    fn print() -> String {
        String::new()
    }

    #[node(Order)]
    fn ship(address: &str, paid: &bool) {
        assert!(*paid, "{address}");
    }

    flow! {
        pub(crate) Pay {
            pay - "paid" >> end "paid";
            pay - "unpaid" >> pay max 2 else end "unpaid";
        }
    }

    flow! {
        pub(crate) Shop {
            ask >> Pay;
            Pay - "paid" >> ship >> end;
            Pay - "unpaid" >> (again, print) >> pay;
            again: ask;
            pay - "paid" >> ship;
            pay - "unpaid" >> end "unpaid";
        }
    }

    fn unfilled(
        graph: &'static Graph,
        places: &[&str],
        taken: Option<&str>,
        filled: &[&str],
    ) -> Vec<String> {
        let position = |place: &&str| FlowPosition {
            flow: String::new(),
            fingerprint: 0,
            place: (*place).into(),
            taken: vec![],
        };
        let flows: Vec<_> = places.iter().map(position).collect();
        let filled: Vec<_> = filled
            .iter()
            .map(|name| Order::STORE.field(name).unwrap())
            .collect();
        let unfilled = graph.unfilled_from(&flows, taken, |field| filled.contains(&field));
        unfilled
            .into_iter()
            .map(|read| format!("{}: {}", read.path.join(" > "), read.field))
            .collect()
    }

    #[test]
    fn from_where_it_was_proved_nothing_is_missing() {
        let nothing: [String; 0] = [];
        assert_eq!(unfilled(Shop::GRAPH, &["ask"], None, &[]), nothing);
        assert_eq!(
            unfilled(Shop::GRAPH, &["Pay", "pay"], None, &["address"]),
            nothing
        );
        assert_eq!(
            unfilled(
                Shop::GRAPH,
                &["Pay", "pay"],
                Some("paid"),
                &["address", "paid"]
            ),
            nothing
        );
        assert_eq!(
            unfilled(Shop::GRAPH, &["ship"], Some("default"), &[]),
            nothing,
            "it is behind all reads"
        );
    }

    #[test]
    fn a_read_behind_the_position_whose_field_nothing_fills_is_found() {
        assert_eq!(
            unfilled(Shop::GRAPH, &["Pay", "pay"], None, &[]),
            ["Shop > ship: address"]
        );
        assert_eq!(
            unfilled(Shop::GRAPH, &["Pay", "pay"], Some("paid"), &[]),
            ["Shop > ship: address", "Shop > ship: paid"]
        );
        assert_eq!(
            unfilled(Shop::GRAPH, &["Pay", "pay"], Some("unpaid"), &[]),
            ["Shop > ship: address"],
            "one way fills it, and the other does not"
        );
        assert_eq!(
            unfilled(Shop::GRAPH, &["pay"], None, &["address"]),
            [""; 0],
            "its action fills the other"
        );
        assert_eq!(
            unfilled(Shop::GRAPH, &["ship"], None, &["paid"]),
            ["Shop > ship: address"]
        );
    }

    #[test]
    fn a_position_that_is_nowhere_reads_nothing() {
        assert_eq!(unfilled(Shop::GRAPH, &["gone"], None, &[]), [""; 0]);
    }
}
