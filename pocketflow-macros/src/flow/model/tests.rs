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

/// The places, and how each flow on a field runs.
fn on_fields(model: &Model) -> Vec<(String, bool, bool)> {
    let nodes = model.nodes().map(|node| {
        let on = node.on.as_ref();
        let options = on.is_some_and(|on| on.options.parallel.is_some());
        (node.label.clone(), node.field.is_some(), options)
    });
    nodes.collect()
}

#[test]
fn a_flow_and_a_field_are_a_place() {
    let model = modelled(quote!(
        again: Look.on(facts);
        find >> Sum.each(docs) >> Look.on(facts) >> Look.on(figures) >> m::Look.on(drafts) >> again;
        Look.on(facts) - "x" >> Sum.each(docs, parallel = 8);
    ));
    let place = |label: &str, is_field, options| (label.to_owned(), is_field, options);
    assert_eq!(
        on_fields(&model),
        [
            place("find", false, false),
            place("Sum.each(docs)", false, true),
            place("Look.on(facts)", false, false),
            place("Look.on(figures)", false, false),
            place("Look.on(drafts)", false, false),
            place("again", true, false),
        ]
    );
    assert!(model.again.is_empty() && model.on_twice.is_empty());
    let edges = edges(&model);
    assert_eq!(edges[5], "Look.on(facts) - x >> Sum.each(docs)");
}

#[test]
fn a_declared_flow_runs_on_several_fields() {
    let model = modelled(quote!(
        look: Look;
        (look.on(facts), look.on(figures)) >> look;
    ));
    let places: Vec<_> = model.places.iter().map(|place| &*place.label).collect();
    assert_eq!(places, ["(look.on(facts), look.on(figures))", "look"]);
    assert!(model.nodes().all(|node| node.field.is_some()));
}

#[test]
fn options_are_written_once() {
    let model = modelled(quote!(
        declared: Sum.each(more, parallel = 2);
        Sum.each(docs, parallel = 8) >> Sum.each(docs) >> declared >> declared;
        Sum.each(docs, failures = bad) >> declared.on(x);
    ));
    let again: Vec<_> = model.again.iter().map(|again| &*again.label).collect();
    assert_eq!(again, ["Sum.each(docs)"]);
    assert_eq!(model.on_twice.len(), 1);
}

#[test]
fn a_bounded_edge_keeps_both_targets() {
    let model = modelled(quote!(a - "again" >> a max 5 else b; a - "done" >> b;));
    assert_eq!(
        edges(&model),
        ["a - again >> a max 5 else b", "a - done >> b"]
    );
}
