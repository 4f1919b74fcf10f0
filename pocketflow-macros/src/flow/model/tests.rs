use quote::quote;

use super::*;

fn modelled(tokens: proc_macro2::TokenStream) -> (Model, Vec<String>) {
    let (syntax, errors) = parse::parse(tokens);
    assert!(errors.is_empty(), "{:?}", errors.messages());
    let (model, errors) = model(&syntax);
    (model, errors.messages())
}

/// The edges as text, which is how a graph is easiest to compare.
fn edges(model: &Model) -> Vec<String> {
    let name = |target| match target {
        Target::Place(place) => model.places[place].label.clone(),
        Target::Exit(exit) => format!("end {}", model.exits[exit].name),
    };
    let text = |edge: &Edge| {
        let bound = edge.bound.as_ref();
        let bound = bound.map(|bound| format!(" max {} else {}", bound.max, name(bound.otherwise)));
        let from = &model.places[edge.from].label;
        format!(
            "{from} - {} >> {}{}",
            edge.action,
            name(edge.to),
            bound.unwrap_or_default()
        )
    };
    model.edges.iter().map(text).collect()
}

#[test]
fn a_chain_is_an_edge_for_every_arrow() {
    let (model, errors) =
        modelled(quote!(decide - "search" >> search >> decide; decide - "answer" >> answer;));
    assert!(errors.is_empty());
    assert_eq!(
        edges(&model),
        [
            "decide - search >> search",
            "search - default >> decide",
            "decide - answer >> answer"
        ]
    );
    assert_eq!(model.exits.len(), 1, "`answer` ends the flow");
}

#[test]
fn exits_are_named_once_and_become_variants() {
    let (model, errors) =
        modelled(quote!(a - "x" >> end "gave-up"; a - "y" >> end "gave-up"; a - "z" >> end;));
    assert!(errors.is_empty());
    let exits: Vec<_> = model
        .exits
        .iter()
        .map(|exit| (exit.name.as_str(), exit.variant.to_string()))
        .collect();
    assert_eq!(
        exits,
        [("gave-up", "GaveUp".into()), ("default", "Default".into())]
    );
}

#[test]
fn a_declared_name_is_a_place_of_its_own() {
    let (model, errors) = modelled(quote!(first: review; web: WebSearch; first >> review >> web;));
    assert!(errors.is_empty());
    let places: Vec<_> = model
        .nodes()
        .map(|node| (node.name.to_string(), node.field.is_some()))
        .collect();
    assert_eq!(
        places,
        [
            ("first".into(), false),
            ("review".into(), false),
            ("web".into(), true)
        ]
    );
}

#[test]
fn a_bounded_edge_keeps_both_targets() {
    let (model, _) = modelled(quote!(a - "again" >> a max 5 else b; a - "done" >> b;));
    assert_eq!(
        edges(&model),
        ["a - again >> a max 5 else b", "a - done >> b"]
    );
}

#[test]
fn one_mistake_is_one_error() {
    let cases = [
        (quote!(a - "x" >> b; a - "x" >> c; b >> c;), "PF003"),
        (quote!(b: B; a >> c;), "PF004"),
        (quote!(x::a >> y::a;), "two nodes"),
        (quote!(a >> b max 0 else end;), "PF010"),
        (quote!(a - "1" >> end "--";), "cannot be the name"),
        (
            quote!(a - "1" >> end "a-b"; a - "2" >> end "a_b";),
            "would both be",
        ),
        (quote!(b: B; b: C; a >> b;), "declared twice"),
    ];
    for (tokens, start) in cases {
        let (_, errors) = modelled(tokens.clone());
        assert!(
            matches!(&errors[..], [error] if error.contains(start)),
            "{tokens}: {errors:?}"
        );
    }
}
