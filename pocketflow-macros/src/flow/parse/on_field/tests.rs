use quote::quote;

use super::*;
use crate::flow::parse::{Endpoint, Statement, Width, parse};

/// The messages about a flow with this graph, and the field and the options that are read.
fn read(graph: TokenStream) -> (Vec<String>, Option<String>, String) {
    let (syntax, errors) = parse(quote!(pub Digest: Library { #graph }));
    let on = syntax
        .statements
        .iter()
        .find_map(|statement| match statement {
            Statement::Chain(chain) => match &chain.start {
                Endpoint::Node(node) => node.on.clone(),
                _ => None,
            },
            Statement::Declaration(declaration) => declaration.node.on.clone(),
        })
        .expect("it names a flow on a field");
    let width = match &on.options.parallel {
        None => String::new(),
        Some(Width::Items(items, _)) => items.to_string(),
        Some(Width::Constant(path)) => code(path),
        Some(Width::Unbounded) => "unbounded".into(),
    };
    let failures = on.options.failures.as_ref();
    let failures = failures.map_or_else(String::new, ToString::to_string);
    let method = if on.each { "each" } else { "on" };
    let field = on.field.map(|field| field.to_string());
    let options = format!("{method} {width} {failures}");
    (errors.messages(), field, options.trim_end().into())
}

#[test]
fn a_flow_on_a_field_is_read() {
    let cases = [
        (quote!(Look.on(facts);), "facts", "on"),
        (quote!(again: m::Look.on(facts,);), "facts", "on"),
        (quote!(Sum.each(docs) - "x" >> b;), "docs", "each"),
        (quote!(Sum.each(docs, parallel = 8) >> b;), "docs", "each 8"),
        (
            quote!(Sum.each(docs, failures = bad, parallel = 8usize,);),
            "docs",
            "each 8 bad",
        ),
        (
            quote!(Sum.each(docs, parallel = limits::JOBS);),
            "docs",
            "each limits::JOBS",
        ),
        (
            quote!(Sum.each(docs, parallel = unbounded);),
            "docs",
            "each unbounded",
        ),
        // Names are no keywords.
        (quote!(Sum.each(parallel);), "parallel", "each"),
        (quote!(Sum.on(failures);), "failures", "on"),
    ];
    for (graph, field, options) in cases {
        let text = graph.to_string();
        let read = read(graph);
        assert_eq!(read, (vec![], Some(field.into()), options.into()), "{text}");
    }
}

#[test]
fn one_mistake_is_one_message_and_the_field_is_kept() {
    let facts = Some("facts");
    let cases = [
        (
            quote!(Look.on();),
            "name the field that `Look` runs on: `Look.on(facts)`",
            None,
        ),
        (
            quote!(Sum.each();),
            "name the field whose items `Sum` runs on: `Sum.each(documents)`",
            None,
        ),
        (
            quote!(Look.on("facts");),
            "a field is named without quotes: `Look.on(facts)`",
            facts,
        ),
        (
            quote!(Look.on(&mut shared.facts);),
            "a field of the store is named by its name alone: `Look.on(facts)`",
            facts,
        ),
        (
            quote!(Look.on(facts.inner);),
            "a place names a field of the flow's own store",
            Some("inner"),
        ),
        (
            quote!(Look.on(self.facts);),
            "a field of the store is named by its name alone: `Look.on(facts)`",
            facts,
        ),
        (
            quote!(Sum.each(facts; parallel = 3; failures = bad);),
            "write `,` in place of `;`: `Sum.each(facts, parallel = 3, failures = bad)`",
            facts,
        ),
        (
            quote!(Look.on(5);),
            "a field of the store is named by its name alone: `Look.on(field)`",
            None,
        ),
        (
            quote!(Look.on(facts, figures);),
            "a flow runs on one field",
            facts,
        ),
        (
            quote!(Sum.each(facts, figures);),
            "a flow runs on the items of one field: `Sum.each(facts) >> Sum.each(figures)`",
            facts,
        ),
        (
            quote!(Look.on(facts, parallel = 8);),
            "`parallel` is an option of `each`; `on` runs the flow once",
            facts,
        ),
        (
            quote!(Look.on(facts, wait = "1s");),
            "`on` has no option `wait`",
            facts,
        ),
        (
            quote!(Sum.each(facts, paralel = 8);),
            "`each` has no option `paralel`",
            facts,
        ),
        (
            quote!(Sum.each(facts, retries = 8);),
            "`each` has no option `retries`",
            facts,
        ),
        (
            quote!(Sum.each(parallel = 8, facts);),
            "the field comes first: `Sum.each(facts, parallel = 8)`",
            facts,
        ),
        (
            quote!(Sum.each(facts, parallel = 8, parallel = 8);),
            "`parallel` is given twice",
            facts,
        ),
        (
            quote!(Sum.each(facts, parallel);),
            "`parallel` has no value: write `parallel = 8`",
            facts,
        ),
        (
            quote!(Sum.each(facts, failures =);),
            "`failures` has no value: write `failures = problems`",
            facts,
        ),
        (
            quote!(Sum.each(facts, parallel(8));),
            "`parallel` takes its value after `=`: write `parallel = 8`",
            facts,
        ),
        (
            quote!(Sum.each(facts, parallel: 8);),
            "`parallel` takes its value after `=`: write `parallel = 8`",
            facts,
        ),
        (
            quote!(Sum.each(facts, parallel = "8");),
            "`parallel` is a number, without quotes: write `parallel = 8`",
            facts,
        ),
        (
            quote!(Sum.each(facts, parallel = -1);),
            "`parallel` is a number or `unbounded`: write `parallel = 8`",
            facts,
        ),
        (
            quote!(Sum.each(facts, parallel = context.jobs);),
            "`parallel` is a number or `unbounded`: write `parallel = 8`",
            facts,
        ),
        (
            quote!(Sum.each(facts, failures = "bad");),
            "a field is named without quotes: write `failures = bad`",
            facts,
        ),
        (
            quote!(Sum.each(facts, failures = self.bad);),
            "a field of the store is named by its name alone: write `failures = problems`",
            facts,
        ),
        (
            quote!(Sum.each(facts, 8);),
            "an option is expected here: `Sum.each(documents, parallel = 8)`",
            facts,
        ),
        (
            quote!(Look.on(facts, 8);),
            "`on` takes one field: `Look.on(facts)`",
            facts,
        ),
        (
            quote!(Look.on[facts];),
            "the field is in parentheses: `Look.on(facts)`",
            facts,
        ),
        (
            quote!(Look.on facts;),
            "the field is in parentheses: `Look.on(facts)`",
            facts,
        ),
        (
            quote!(Look.on;),
            "the field is in parentheses: `Look.on(field)`",
            None,
        ),
        (
            quote!(Look.for_each(facts);),
            "there is no `.for_each(…)` in a flow",
            facts,
        ),
        (
            quote!(Look.run(facts);),
            "a flow has no `.run(…)`: it runs its nodes itself",
            facts,
        ),
        (
            quote!(Sum.each(facts).on(body);),
            "a place runs a flow on one field of the store",
            facts,
        ),
        (
            quote!(facts.on(Look);),
            "the flow comes first, and then its field: `Look.on(facts)`",
            facts,
        ),
        (
            quote!(m::Look::on(facts);),
            "a flow runs on a field with a dot: `m::Look.on(facts)`",
            facts,
        ),
        (
            quote!(Look.on(facts).await;),
            "a flow has no `.await`: write `Look.on(facts)`",
            facts,
        ),
    ];
    for (graph, message, field) in cases {
        let text = graph.to_string();
        let (messages, found, _) = read(graph);
        let first_lines: Vec<_> = messages
            .iter()
            .map(|message| message.lines().next().unwrap_or_default())
            .collect();
        assert_eq!(first_lines, [message], "{text}");
        assert_eq!(found.as_deref(), field, "{text}");
    }
}
