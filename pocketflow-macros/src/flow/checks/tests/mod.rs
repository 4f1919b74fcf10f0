mod texts;

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use proptest::collection::vec;
use proptest::prelude::*;
use quote::quote;

use super::*;
use crate::flow::{model, parse};
use crate::krate::Krate;

/// The errors.
fn messages(tokens: TokenStream) -> Vec<String> {
    let (syntax, mut errors) = parse::parse(tokens);
    assert!(errors.is_empty(), "{:?}", errors.messages());
    let model = model::model(&syntax, Krate::default());
    check(&syntax, &model, true, &mut errors);
    errors.messages()
}

/// The first line of each error.
fn errors(tokens: TokenStream) -> Vec<String> {
    let first_line = |message: String| message.lines().next().unwrap_or_default().to_owned();
    messages(tokens).into_iter().map(first_line).collect()
}

#[test]
fn a_sound_graph_passes() {
    assert!(errors(quote!(a - "x" >> b >> a; a - "y" >> c;)).is_empty());
    assert!(errors(quote!(a;)).is_empty());
    assert!(errors(quote!(#[endless] Beat { a >> a; })).is_empty());
    assert!(
        errors(quote!(a >> b; a - error >> c; b - error(problem) >> c max 3 else end "failed";))
            .is_empty()
    );
    // An error edge leads out of a loop, and a place with nothing else is the end.
    assert!(errors(quote!(a >> a; a - error >> end;)).is_empty());
    assert!(errors(quote!(a - error >> a;)).is_empty());
    assert!(
        errors(quote!(F: S { (A.on(x), A.on(y)) >> B.each(z, parallel = 1) >> A.on(x); }))
            .is_empty()
    );
    assert!(
        errors(quote!(a >> await(x, within = "3d") >> b; await(x) - "expired" >> wait >> again; wait: sleep(T); again: await(x);))
            .is_empty()
    );
    // The types of the flow say that this is PF007.
    assert!(errors(quote!(F: S { (A.on(x), A.on(x)) >> b; })).is_empty());
}

#[test]
fn an_empty_flow_is_refused() {
    assert_eq!(
        errors(quote!()),
        ["a flow has at least one node: `first >> second;`, or `only;`"]
    );
}

#[test]
fn every_unreached_part_is_reported_once_at_its_start() {
    assert_eq!(
        errors(quote!(a >> b; c >> d >> e; x - "1" >> y; y - "1" >> x; y - "2" >> end;)),
        [
            "PF004: no path from `a` leads to `c`",
            "PF004: no path from `a` leads to `x`"
        ]
    );
}

#[test]
fn every_trap_is_reported_once() {
    assert_eq!(
        errors(quote!(a - "x" >> b >> c >> b; a - "y" >> end;)),
        ["PF005: the flow never ends once it is at `b`, from where it only reaches `c`"]
    );
    assert_eq!(
        errors(quote!(a >> a;)),
        ["PF005: the flow never ends once it is at `a`"]
    );
    assert_eq!(errors(quote!(a >> b >> c >> b;)).len(), 1);
    assert_eq!(
        errors(quote!(a >> b >> c >> a;)),
        ["PF005: the flow never ends once it is at `a`, from where it only reaches `b` and `c`"]
    );
    assert_eq!(
        errors(quote!(a >> b >> c >> d >> a;)),
        [
            "PF005: the flow never ends once it is at `a`, from where it only reaches `b`, `c` and `d`"
        ]
    );
}

#[test]
fn a_part_that_begins_with_a_circle_is_reported_once() {
    assert_eq!(
        errors(quote!(a >> end; x >> end; y - "1" >> z; z - "1" >> y; z - "2" >> x;)),
        ["PF004: no path from `a` leads to `y`"]
    );
}

#[test]
fn an_endless_flow_has_no_trap() {
    assert!(errors(quote!(#[endless] Beat { a - "x" >> b >> c >> b; a - "y" >> end; })).is_empty());
}

#[test]
fn a_store_that_cannot_be_read_is_reported_once() {
    let (syntax, mut errors) = parse::parse(quote!(pub F: 5 { A.on(x); }));
    let model = model::model(&syntax, Krate::default());
    check(&syntax, &model, errors.is_empty(), &mut errors);
    assert_eq!(errors.messages().len(), 1, "{:?}", errors.messages());
}

#[test]
fn one_mistake_is_one_error() {
    let cases = [
        (quote!(a - "x" >> b; a - "x" >> c; b >> c;), "PF003"),
        (quote!(b: B; a >> c;), "PF004"),
        (quote!(b: sleep("1h"); a >> c;), "PF004"),
        (
            quote!(a >> await(x, within = "0s") >> end; await(x) - "expired" >> b;),
            "PF010",
        ),
        (quote!(b: sleep("0s"); a >> b;), "PF010"),
        (
            quote!(b: sleep("1s"); a >> (b, c);),
            "which cannot be in a fork",
        ),
        (quote!(b: sleep("1s"); b;), "only waits does nothing"),
        (
            quote!(a >> await(x, within = "1s") >> b; await(x, within = "2s") - "expired" >> b;),
            "has its options already",
        ),
        (quote!(x::a >> y::a;), "two nodes"),
        (quote!(a >> b max 0 else end;), "PF010"),
        (quote!(a - "1" >> end "--";), "cannot be the name"),
        (
            quote!(a - "1" >> end "a-b"; a - "2" >> end "a_b";),
            "would both be",
        ),
        (quote!(b: B; b: C; a >> b;), "declared twice"),
        (
            quote!(a >> A.on(x);),
            "a flow that is an expression cannot run another one",
        ),
        (
            quote!(F { a >> A.on(x) >> B.each(y); }),
            "a flow that runs another one on a field names its store",
        ),
        (
            quote!(F: S { A.on(x) >> (B.on(x), b, c); }),
            "PF012: `b` is in a fork with `B.on(x)`",
        ),
        (
            quote!(F: S { a >> (b, B.on(x)); }),
            "PF012: `b` is in a fork with `B.on(x)`",
        ),
        (
            quote!(F: S { A.each(x, parallel = 0); }),
            "PF010: with no item in flight",
        ),
        (
            quote!(F: S { A.each(x, parallel = 1) >> b; b >> A.each(x, parallel = 1) max 1 else end; }),
            "`A.each(x)` has its options already",
        ),
        (
            quote!(F: S { again: A.on(x); again.on(y); }),
            "`again` is declared with its field",
        ),
        (
            quote!(F: S { m::A.on(x) >> n::A.on(x); }),
            "two nodes of this flow are called `A.on(x)`",
        ),
        (quote!(F: S { F.on(x); }), "`F` cannot contain itself"),
        (
            quote!(F: S { a >> b; A.on(x) >> end; }),
            "PF004: no path from `a` leads to `A.on(x)`",
        ),
    ];
    for (tokens, start) in cases {
        let errors = errors(tokens.clone());
        assert!(
            matches!(&errors[..], [error] if error.contains(start)),
            "{tokens}: {errors:?}"
        );
    }
}

/// Where the edges of each place lead: to a place or to an exit.
type Edges = Vec<Vec<Option<usize>>>;

/// Flows in which every place has an edge, and each edge has an action.
fn flows() -> impl Strategy<Value = Edges> {
    (1_usize..=6).prop_flat_map(|places| {
        let to = prop_oneof![4 => (0..places).prop_map(Some), 1 => Just(None)];
        vec(vec(to, 1..=3), places)
    })
}

fn written(edges: &Edges) -> TokenStream {
    let mut text = String::new();
    for (from, targets) in edges.iter().enumerate() {
        for (action, to) in targets.iter().enumerate() {
            let to = to.map_or_else(|| "end".to_owned(), |to| format!("p{to}"));
            text += &format!("p{from} - \"a{action}\" >> {to}; ");
        }
    }
    text.parse().unwrap()
}

/// The places in the order in which they are named.
fn in_order(edges: &Edges) -> Vec<usize> {
    let mut order = Vec::new();
    for (from, targets) in edges.iter().enumerate() {
        for place in [from].iter().chain(targets.iter().flatten()) {
            if !order.contains(place) {
                order.push(*place);
            }
        }
    }
    order
}

/// All places that can be reached from a place, including itself.
fn from(edges: &Edges, start: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::from([start]);
    loop {
        let next: Vec<usize> = reached
            .iter()
            .flat_map(|place| edges[*place].iter().flatten().copied())
            .collect();
        let before = reached.len();
        reached.extend(next);
        if reached.len() == before {
            return reached;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_part_is_reported_once_whatever_the_graph(drawn in flows()) {
        let told = errors(written(&drawn));
        // From here on, a place is its number in the order of their first mention.
        let order = in_order(&drawn);
        let number = |place: usize| order.iter().position(|other| *other == place).unwrap();
        let renumber = |to: &Option<usize>| to.map(number);
        let edges: Edges = order.iter().map(|place| drawn[*place].iter().map(renumber).collect()).collect();
        let named = |message: &String| -> Vec<usize> {
            let names = message.split('`').skip(1).step_by(2);
            names.map(|name| number(name[1..].parse().unwrap())).collect()
        };
        let told = |code: &str| -> Vec<Vec<usize>> {
            let told = told.iter().filter(|message| message.starts_with(code));
            told.map(named).collect()
        };
        let places: BTreeSet<usize> = (0..edges.len()).collect();

        let unreached: BTreeSet<usize> = &places - &from(&edges, 0);
        let beginnings: Vec<usize> = told("PF004").into_iter().map(|names| {
            prop_assert_eq!(names[0], 0);
            Ok(names[1])
        }).collect::<Result<_, TestCaseError>>()?;
        let covered: BTreeSet<usize> = beginnings.iter().flat_map(|place| from(&edges, *place)).collect();
        prop_assert!(unreached.is_subset(&covered), "{unreached:?}, {beginnings:?}");
        for place in &beginnings {
            prop_assert!(unreached.contains(place));
            let others = beginnings.iter().filter(|other| *other != place);
            for other in others {
                prop_assert!(!from(&edges, *other).contains(place), "{place} is reached from {other}");
            }
        }

        let leaves = |place: &usize| from(&edges, *place).iter().any(|place| edges[*place].contains(&None));
        let trapped: BTreeSet<usize> = places.iter().copied().filter(|place| !leaves(place)).collect();
        let mut told_of = BTreeSet::new();
        for names in told("PF005") {
            // The place that is named first, and all places that it leads to.
            let first = names[0];
            prop_assert_eq!(trapped.difference(&told_of).next(), Some(&first));
            let caught = from(&edges, first);
            let mut all = names.clone();
            all.sort_unstable();
            prop_assert_eq!(&all, &caught.iter().copied().collect::<Vec<_>>());
            prop_assert!(names[1..].is_sorted());
            told_of.extend(places.iter().filter(|place| !from(&edges, **place).is_disjoint(&caught)));
        }
        prop_assert!(trapped.is_subset(&told_of), "{trapped:?}, {told_of:?}");
    }
}
