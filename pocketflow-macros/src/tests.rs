//! Properties of the macros' output for any input.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use proptest::prelude::*;

use crate::editor::tests::in_editor;
use crate::{action, flow, node, store};

/// The words of the macros' languages, and some of Rust's.
const WORDS: &[&str] = &[
    "end", "max", "else", "pub", "crate", "self", "review", "pay", "Agent", "Order", "writes",
    "appends", "reads", "attempts", "wait", "backoff", "max_wait", "jitter", "timeout", "retry_if",
    "context", "within", "fallback", "fn", "async", "impl", "struct", "enum", "prep", "exec",
    "post", "shared", "error", "attempt", "Option", "Result", "mut", "where", "endless", "action",
    "r#type", "Self", "dyn", "const", "move", "await", "on", "each", "parallel", "failures",
];

fn tokens() -> impl Strategy<Value = TokenStream> {
    let leaf = prop_oneof![
        proptest::sample::select(WORDS).prop_map(|word| match word.strip_prefix("r#") {
            Some(raw) => TokenTree::Ident(Ident::new_raw(raw, Span::call_site())),
            None => TokenTree::Ident(Ident::new(word, Span::call_site())),
        }),
        (
            proptest::sample::select(
                &[
                    '>', '-', ';', ':', ',', '=', '&', '<', '#', '!', '\'', '.', '|'
                ][..]
            ),
            any::<bool>()
        )
            .prop_map(|(mark, joint)| {
                let spacing = if joint || mark == '\'' {
                    Spacing::Joint
                } else {
                    Spacing::Alone
                };
                TokenTree::Punct(Punct::new(mark, spacing))
            }),
        "[a-z -]{0,8}".prop_map(|text| TokenTree::Literal(Literal::string(&text))),
        any::<u64>().prop_map(|number| TokenTree::Literal(Literal::u64_unsuffixed(number))),
        (0.0..1e9f64).prop_map(|number| TokenTree::Literal(Literal::f64_unsuffixed(number))),
    ];
    let tree = leaf.prop_recursive(3, 24, 8, |inner| {
        let delimiter = prop_oneof![
            Just(Delimiter::Parenthesis),
            Just(Delimiter::Brace),
            Just(Delimiter::Bracket),
            Just(Delimiter::None)
        ];
        (delimiter, prop::collection::vec(inner, 0..8)).prop_map(|(delimiter, trees)| {
            TokenTree::Group(Group::new(delimiter, trees.into_iter().collect()))
        })
    });
    prop::collection::vec(tree, 0..24).prop_map(|trees| trees.into_iter().collect())
}

/// Correct attributes and items.
const RIGHT: &[(&str, &str)] = &[
    (
        "Order, writes(a, b), attempts = 3, wait = \"1s\", backoff = 2.0, jitter = 1, fallback = none, retry_if = f",
        "/// Doc.\npub async fn pay(total: &u64, hint: Option<&str>, #[attempt] n: Attempt<'_>) -> Result<(A, B)> { x }",
    ),
    (
        "Chat, reads(x), attempts = 2, timeout = \"2s\"",
        "impl Converse { fn prep<'a>(&self, shared: &'a Chat) -> Result<&'a str> { y } \
         async fn exec(&self, prep: &str, z: &[u8]) -> u8 { 1 } \
         async fn fallback(&self, prep: &str, error: Error) -> u8 { 2 } \
         fn post(&self, messages: &mut Vec<u8>, exec: u8) -> Turn { Turn::Quit } }",
    ),
    (
        "",
        "pub struct Order { pub total: u64, receipt: Option<String>, r#type: Vec<Option<u8>> }",
    ),
    (
        "",
        "#[action(Order)] enum Verdict { Approved, #[action(\"no-way\")] Rejected { reason: String } }",
    ),
    (
        "",
        "/// Doc.\n#[endless] pub(crate) Checkout(card, amount) { first: Review; search: web::Search; \
         first - \"approved\" >> pay >> search max 5 else end \"tired\"; first - \"rejected\" >> end; \
         search >> steps::log >> first }",
    ),
    (
        "",
        "pub Digest: Library { again: Look.on(facts); find >> Sum.each(docs, parallel = 8, failures = bad) \
         >> (Look.on(facts), m::Look.each(drafts, parallel = N)) - \"x\" >> again max 2 else Sum.each(docs); }",
    ),
];

/// Correct input in which a few tokens are left out, doubled or replaced.
fn nearly_right() -> impl Strategy<Value = (TokenStream, TokenStream)> {
    let change = (any::<prop::sample::Index>(), 0..3u8, tokens());
    (
        proptest::sample::select(RIGHT),
        prop::collection::vec(change, 1..4),
    )
        .prop_map(|((attributes, item), changes)| {
            let mut parts: [TokenStream; 2] = [attributes.parse().unwrap(), item.parse().unwrap()];
            for (index, kind, with) in changes {
                let part = usize::from(index.index(4) > 0);
                let length = count(&parts[part]);
                if length > 0 {
                    let mut at = index.index(length);
                    parts[part] = changed(std::mem::take(&mut parts[part]), &mut at, kind, &with);
                }
            }
            let [attributes, item] = parts;
            (attributes, item)
        })
}

/// The number of token trees, including groups and their contents.
fn count(tokens: &TokenStream) -> usize {
    let inside = |tree: TokenTree| match tree {
        TokenTree::Group(group) => 1 + count(&group.stream()),
        _ => 1,
    };
    tokens.clone().into_iter().map(inside).sum()
}

/// Changes the token tree that is `at` in depth-first order.
fn changed(tokens: TokenStream, at: &mut usize, kind: u8, with: &TokenStream) -> TokenStream {
    let mut output = Vec::new();
    for tree in tokens {
        let here = *at == 0;
        *at = at.wrapping_sub(1);
        match (here, kind, tree) {
            (true, 0, _) => {}
            (true, 1, tree) => output.extend([tree.clone(), tree]),
            (true, _, _) => output.extend(with.clone()),
            (false, _, TokenTree::Group(group)) => {
                let inside = changed(group.stream(), at, kind, with);
                output.push(TokenTree::Group(Group::new(group.delimiter(), inside)));
            }
            (false, _, tree) => output.push(tree),
        }
    }
    output.into_iter().collect()
}

fn expand_all(attributes: TokenStream, item: TokenStream) {
    flow::flow(item.clone());
    store::derive(item.clone());
    action::derive(item.clone());
    node::node(attributes, item);
}

#[test]
fn what_is_right_has_no_error() {
    for (attributes, item) in RIGHT {
        let (attributes, item): (TokenStream, TokenStream) =
            (attributes.parse().unwrap(), item.parse().unwrap());
        let output = match item.to_string() {
            text if text.contains("struct") => store::derive(item),
            text if text.contains("enum") => action::derive(item),
            text if text.contains("fn ") => node::node(attributes, item),
            _ => flow::flow(item),
        };
        let output = output.to_string();
        assert!(!output.contains("compile_error"), "{output}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_tokens_make_a_macro_panic(attributes in tokens(), item in tokens()) {
        expand_all(attributes, item);
    }

    #[test]
    fn nothing_nearly_right_makes_a_macro_panic((attributes, item) in nearly_right()) {
        expand_all(attributes, item);
    }
}

/// A piece of a correct flow.
const STATEMENTS: &[&str] = &[
    "review - \"approved\" >> pay;",
    "review - \"rejected\" >> steps::refuse >> end \"declined\";",
    "pay >> ship max 3 else end;",
    "search: WebSearch;",
    "ship >> search;",
];

/// All identifiers of a token stream, in order, including those in groups.
fn identifiers(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for tree in tokens {
        match tree {
            TokenTree::Ident(ident) => found.push(ident.to_string()),
            TokenTree::Group(group) => found.extend(identifiers(group.stream())),
            _ => {}
        }
    }
    found
}

/// The output of each macro for another path of the library.
#[test]
fn the_library_is_named_by_the_path_that_is_given() {
    let store = quote::quote! {
        #[shared(crate = renamed)]
        struct Order { #[serde(with = "cents")] total: u64, #[serde(serialize_with = "f")] a: u8, #[serde(default)] b: Option<u8> }
    };
    let action = quote::quote! {
        #[action(Order, crate = renamed)]
        enum Verdict { Approved, Rejected { reason: String } }
    };
    let options = quote::quote!(
        Order,
        crate = renamed,
        writes = a,
        attempts = 3,
        wait = "1s",
        timeout = "1s",
        retry_if = f,
        fallback = g,
        parallel = 2
    );
    let function = quote::quote! {
        async fn pay(#[each(items)] item: &str, total: Option<&u64>, #[attempt] n: Attempt<'_>) -> Result<u8, E> { x }
    };
    let methods = quote::quote! {
        impl Pay {
            fn prep<'a>(&self, total: &'a u64) -> Result<&'a u64, E> { x }
            async fn exec(&self, prep: &u64) -> Result<u8, E> { x }
            async fn fallback(&self, error: Error) -> Result<u8, E> { x }
            fn post(&self, a: &mut u8, exec: u8) -> Verdict { x }
        }
    };
    let flow = quote::quote! {
        #[flow(crate = renamed)]
        pub Checkout(card) {
            pay: Pay;
            review - "approved" >> (pay, note) >> Inner max 3 else end "no";
            review - "rejected" >> await(approval) >> end;
            Inner >> end;
        }
    };
    let on_fields = quote::quote! {
        #[flow(crate = renamed)]
        pub Digest: Library {
            again: Look.on(facts);
            find >> Sum.each(docs, parallel = 8, failures = bad) >> (Look.on(facts), Sum.each(drafts)) >> again;
        }
    };
    let expression = quote::quote!(#[flow(crate = renamed)] a >> (b, c) max 2 else end;);
    let more_options = quote::quote!(Order, crate = renamed, attempts = 2, writes(a));
    let written = || {
        [
            store::derive(store.clone()),
            action::derive(action.clone()),
            node::node(options.clone(), function.clone()),
            node::node(more_options.clone(), methods.clone()),
            flow::flow(flow.clone()),
            flow::flow(on_fields.clone()),
            flow::flow(expression.clone()),
        ]
    };
    for tokens in written().into_iter().chain(in_editor(written)) {
        let names = identifiers(tokens.clone());
        assert!(names.iter().all(|name| name != "pocketflow"), "{tokens}");
        assert!(names.iter().any(|name| name == "renamed"), "{tokens}");
    }
}

/// Whether `all` contains the items of `some` in their order.
fn in_order(all: &[String], some: &[&str]) -> bool {
    let mut all = all.iter();
    some.iter().all(|wanted| all.any(|found| found == wanted))
}

/// The names in the output of a half-written flow, in order: first the version for an editor, and
/// then the version for the compiler.
fn half_written(input: &str) -> Vec<String> {
    let input: TokenStream = input.parse().expect("the input is made of tokens");
    let mut names = identifiers(in_editor(|| flow::flow(input.clone())));
    names.extend(identifiers(flow::flow(input)));
    names
}

#[test]
fn a_half_written_flow_keeps_the_names_of_what_was_read() {
    let cases: [(&str, &[&str]); 17] = [
        // A missing `;`, in the middle and at the end.
        (
            "pub Checkout { review - \"approved\" >> pay  pay >> ship }",
            &["Checkout", "review", "pay", "ship"],
        ),
        ("pub Checkout { review >> }", &["Checkout", "review"]),
        (
            "pub Checkout { review >> ; pay >> ship; }",
            &["review", "pay", "ship"],
        ),
        ("review - \"app\"", &["review"]),
        (
            "review - \"app\" pay; pay >> ship;",
            &["review", "pay", "ship"],
        ),
        ("review - ; pay >> ship;", &["review", "pay", "ship"]),
        ("review - approved >> pay;", &["review", "pay"]),
        (
            "review >> pay max ; pay >> ship;",
            &["review", "pay", "ship"],
        ),
        (
            "search: ; review >> steps::pay; search",
            &["review", "steps", "pay", "search"],
        ),
        // A flow on a field.
        (
            "pub D: L { find >> Look. ; again >> last; }",
            &["find", "Look", "again", "last"],
        ),
        (
            "pub D: L { find >> Look.on() >> last; }",
            &["find", "Look", "last"],
        ),
        (
            "pub D: L { find >> Sum.each(docs, parallel = ) >> last; }",
            &["find", "Sum", "docs", "last"],
        ),
        (
            "pub D: L { find >> (Look.on(facts), Look.) >> last; }",
            &["find", "Look", "facts", "last"],
        ),
        (
            "pub D: L { again: Look. ; find >> last; }",
            &["find", "last"],
        ),
        // A deadline, and a sleep.
        (
            "pub D: L { find >> await(docs, within = ) >> last; }",
            &["find", "docs", "within", "last"],
        ),
        (
            "pub D: L { wait: sleep(); find >> wait >> last; }",
            &["wait", "sleep", "find", "wait", "last"],
        ),
        (
            "pub D: L { again: await(docs, wit); find >> again >> last; }",
            &["again", "docs", "wit", "find", "again", "last"],
        ),
    ];
    for (input, names) in cases {
        let found = half_written(input);
        assert!(found.iter().any(|name| name == "compile_error"), "{input}");
        assert!(in_order(&found, names), "{input}: {found:?}");
    }
}

#[test]
fn an_unknown_node_is_a_name_like_any_other() {
    let found = half_written("review - \"approved\" >> nobody; review - \"rejected\" >> end;");
    assert!(in_order(&found, &["review", "nobody"]));
    assert!(
        !found.iter().any(|name| name == "compile_error"),
        "rustc says that itself, at the token"
    );
}

#[test]
fn an_editor_reads_the_names_of_pauses_with_their_meaning() {
    let input = "first >> wait >> await(docs, within = LIMIT) >> last; wait: sleep(limits::PAUSE);";
    let input: TokenStream = input.parse().unwrap();
    let written = in_editor(|| flow::flow(input)).to_string().replace(' ', "");
    for part in [
        "let_:*constwait",
        "|__shared:&<first",
        "&__shared.docs",
        "&__options.within",
        "let_=LIMIT;",
        "typewait=sleep;",
        "let_=limits::PAUSE;",
    ] {
        assert!(written.contains(part), "{part} is not in {written}");
    }
    assert!(
        !written.contains("LIMIT()") && !written.contains("PAUSE()"),
        "{written}"
    );
}

proptest! {
    /// Wherever a flow is cut off, the nodes of the statements before the cut are in the output.
    #[test]
    fn a_flow_cut_off_anywhere_keeps_the_statements_before(whole in 1..STATEMENTS.len(), cut in 0..16usize) {
        let before = STATEMENTS[..whole].concat();
        let rest: TokenStream = STATEMENTS[whole].parse().unwrap();
        let rest: TokenStream = rest.into_iter().take(cut).collect();
        let input = format!("pub Checkout {{ {before} {rest} }}");
        let found = half_written(&input);
        let expected = ["review", "pay", "refuse", "ship", "WebSearch"];
        for name in expected.into_iter().filter(|name| before.contains(&format!(" {name}")) || before.starts_with(name)) {
            prop_assert!(found.iter().any(|found| found == name), "{}: {}", input, name);
        }
    }
}

/// A parameter without a type so far is a field of the context where it is marked so.
#[test]
fn an_editor_reads_a_half_written_parameter_as_a_field_of_the_context() {
    let options: TokenStream = quote::quote!(Research);
    let half_written = |parameter: TokenStream| {
        let item = quote::quote!(fn answer(#parameter) {});
        in_editor(|| node::node(options.clone(), item.clone())).to_string()
    };
    assert!(
        half_written(quote::quote!(
            #[context]
            ll
        ))
        .contains(":: open (__context) . ll")
    );
    assert!(half_written(quote::quote!(question)).contains("& __shared . question"));
}
