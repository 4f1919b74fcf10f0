use quote::quote;

use super::*;
use crate::flow::parse;

fn modelled(tokens: proc_macro2::TokenStream) -> Model {
    let (syntax, errors) = parse::parse(tokens);
    assert!(errors.is_empty(), "{:?}", errors.messages());
    model(&syntax, Krate::default())
}

/// The edges as text, because text is easy to compare.
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
    let model =
        modelled(quote!(decide - "search" >> search >> decide; decide - "answer" >> answer;));
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
    let model =
        modelled(quote!(a - "x" >> end "gave-up"; a - "y" >> end "gave-up"; a - "z" >> end;));
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
    let model = modelled(quote!(first: review; web: WebSearch; first >> review >> web;));
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
    let model = modelled(quote!(a - "again" >> a max 5 else b; a - "done" >> b;));
    assert_eq!(
        edges(&model),
        ["a - again >> a max 5 else b", "a - done >> b"]
    );
}
