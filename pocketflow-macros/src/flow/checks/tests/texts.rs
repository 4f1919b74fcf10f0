//! What the errors say, and what they say to write.

use proc_macro2::TokenStream;
use quote::quote;

use super::messages;

/// The text of the only error, without the line about the page of its code.
fn only(tokens: TokenStream) -> String {
    let messages = messages(tokens.clone());
    let [message] = &messages[..] else {
        panic!("{tokens}: {messages:?}");
    };
    match message.split_once("\nnote: see `pocketflow::errors::") {
        Some((text, code)) => {
            assert_eq!(text.split(':').next(), code.strip_suffix('`'), "{message}");
            text.to_owned()
        }
        None => message.clone(),
    }
}

const ONE_PLACE: &str = "help: an action leads to one place: keep one of the two edges";

#[test]
fn an_action_is_wired_once() {
    let says = |what: &str| format!("PF003: {what}\n{ONE_PLACE}");
    assert_eq!(
        only(quote!(a >> b; a >> c; b >> c;)),
        says("`a >> …` is written twice: it already leads to `b`")
    );
    assert_eq!(
        only(quote!(a - "x" >> b; a - "x" >> c; b >> c;)),
        says("the action \"x\" of `a` is wired twice: it already leads to `b`")
    );
    assert_eq!(
        only(quote!(a >> b; a - error >> b; a - error(x) >> end;)),
        says("`a` has two error edges: it already leads to `b`")
    );
    // An action and an error edge are two edges, whatever the action is called.
    assert_eq!(
        messages(quote!(a >> b; a - "error" >> b; a - error >> b;)),
        [""; 0]
    );
}

#[test]
fn the_exit_is_named_that_an_action_already_leads_to() {
    let says = |to: &str| {
        format!(
            "PF003: the action \"x\" of `a` is wired twice: it already leads to `{to}`\n{ONE_PLACE}"
        )
    };
    assert_eq!(only(quote!(a - "x" >> end; a - "x" >> b;)), says("end"));
    assert_eq!(
        only(quote!(a - "x" >> end "lost"; a - "x" >> b;)),
        says("end \"lost\"")
    );
    assert_eq!(only(quote!(a - "x" >> end; a - "x" >> end;)), says("end"));
}

#[test]
fn an_edge_is_written_once() {
    let same = "help: it is the same edge: go on from `b`, with `b >> …;`";
    assert_eq!(
        only(quote!(a >> b; a >> b;)),
        format!("PF003: `a >> …` is written twice: it already leads to `b`\n{same}")
    );
    assert_eq!(
        only(quote!(a - "x" >> b; a - "x" >> b;)),
        format!("PF003: the action \"x\" of `a` is wired twice: it already leads to `b`\n{same}")
    );
}

#[test]
fn a_flow_on_a_field_that_is_wired_twice_may_be_meant_as_two_places() {
    let twice = |name: &str| {
        format!("PF003: `{name} >> …` is written twice: it already leads to `b`\n{ONE_PLACE}")
    };
    assert_eq!(
        only(quote!(F: S { A.on(x) >> b; A.on(x) >> c; b >> c; })),
        format!(
            "{}\nhelp: if this is meant to be another place, declare it: `again: A.on(x);`, and \
             name `again` in the edges",
            twice("A.on(x)")
        )
    );
    // It is not where the edges are the same, or the place has a name already, or it is a fork.
    assert_eq!(
        only(quote!(F: S { A.on(x) >> b; A.on(x) >> b; })),
        "PF003: `A.on(x) >> …` is written twice: it already leads to `b`\nhelp: it is the same edge: \
         go on from `b`, with `b >> …;`"
    );
    assert_eq!(
        only(quote!(F: S { first: A.on(x); first >> b; first >> c; b >> c; })),
        twice("first")
    );
    assert_eq!(
        only(quote!(F: S { (A.on(x), B.on(y)) >> b; (A.on(x), B.on(y)) >> c; b >> c; })),
        twice("(A.on(x), B.on(y))")
    );
}

#[test]
fn a_flow_has_a_node() {
    let says = "a flow has at least one node: `first >> second;`, or `only;`";
    assert_eq!(only(quote!()), says);
    assert_eq!(only(quote!(F {})), says);
    // If a node is declared, that is the mistake.
    assert_eq!(
        only(quote!(b: B;)),
        "PF004: no edge leads to `b`\nhelp: a declaration alone is not a step: write `b;` after it"
    );
    assert_eq!(
        only(quote!(b: B; a;)),
        "PF004: no edge leads to `b`\nhelp: remove the declaration, or wire it: `… >> b;`"
    );
}

#[test]
fn a_flow_does_not_contain_itself() {
    assert_eq!(
        only(quote!(F { a >> F; })),
        "`F` cannot contain itself\nhelp: to repeat its nodes, lead an edge back to one of them"
    );
    assert_eq!(
        only(quote!(F: S { F.on(x); })),
        "`F` cannot contain itself\nhelp: a node can visit stores inside stores in a loop"
    );
    assert_eq!(
        only(quote!(tidy_up { a >> tidy_up; })),
        "the flow has the name of its node `tidy_up`\nhelp: give it another name, such as `TidyUp`"
    );
    assert_eq!(messages(quote!(F { a >> G; })), [""; 0]);
}

#[test]
fn a_name_has_one_meaning() {
    assert_eq!(
        only(quote!(end: B; a;)),
        "`end` is where a flow ends: give the node another name"
    );
    assert_eq!(
        only(quote!(a >> (b, b);)),
        "`b` is in this fork twice\nhelp: declare it under a second name: `other_b: b;`"
    );
    assert_eq!(messages(quote!(a >> (b, c);)), [""; 0]);
    assert_eq!(
        only(quote!(x::a >> y::a;)),
        "two nodes of this flow are called `a`\nhelp: declare this one under another name: \
         `other_a: y::a;`"
    );
    assert_eq!(
        only(quote!(F: S { m::A.on(x) >> n::A.on(x); })),
        "two nodes of this flow are called `A.on(x)`\nhelp: declare this one under another name: \
         `other_a: n::A.on(x);`"
    );
}

#[test]
fn a_pause_is_before_a_fork_or_after_it() {
    let says = |name: &str, kind: &str| {
        format!(
            "`{name}` is {kind}, which cannot be in a fork: write it before the fork, or after it"
        )
    };
    assert_eq!(
        only(quote!(b: sleep("1s"); a >> (b, c);)),
        says("b", "a `sleep`")
    );
    assert_eq!(
        only(quote!(b: await(x); a >> (b, c);)),
        says("b", "an `await`")
    );
}

#[test]
fn a_flow_does_more_than_wait() {
    let says = |word: &str| {
        format!("a flow that only waits does nothing: name a node before the `{word}` or after it")
    };
    assert_eq!(only(quote!(b: sleep("1s"); b;)), says("sleep"));
    assert_eq!(only(quote!(await(x);)), says("await"));
}

#[test]
fn a_time_of_zero_comes_with_what_to_write() {
    assert_eq!(
        only(quote!(a >> await(x, within = "0s") >> end; await(x) - "expired" >> b;)),
        "PF010: with a deadline of zero, nothing can arrive in time\nhelp: write how long the flow \
         waits: `within = \"3d\"`"
    );
    assert_eq!(
        only(quote!(b: sleep("0s"); a >> b;)),
        "PF010: a sleep of zero does nothing\nhelp: write how long it sleeps, `sleep(\"1h\")`, or \
         leave the step out"
    );
    assert_eq!(messages(quote!(b: sleep("1us"); a >> b;)), [""; 0]);
}

#[test]
fn the_store_of_a_flow_is_written_after_its_inputs() {
    let names = "a flow that runs another one on a field names its store, so that `A.on(x)` means a \
                 field of it\nhelp: write the store after";
    assert_eq!(
        only(quote!(F { A.on(x); })),
        format!("{names} the name: `F: Store {{ … }}`")
    );
    assert_eq!(
        only(quote!(F(y, z) { A.on(x); })),
        format!("{names} the inputs: `F(y, z): Store {{ … }}`")
    );
}
