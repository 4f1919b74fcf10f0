use quote::quote;

use super::*;
use crate::flow::parse::{Endpoint, Statement, parse};

/// The messages about a flow with this graph, and the first pause in it.
fn read(graph: TokenStream) -> (Vec<String>, String) {
    let (syntax, errors) = parse(quote!(pub Publish: Article { #graph }));
    let pauses = syntax
        .statements
        .iter()
        .filter_map(|statement| match statement {
            Statement::Chain(chain) => match &chain.start {
                Endpoint::Await(awaited) => Some(Pause::Await(awaited.clone())),
                _ => None,
            },
            Statement::Declaration(declaration) => declaration.pause.clone(),
        });
    let time = |time: Option<Time>| match time {
        None => "?".into(),
        Some(Time::Literal(time, _)) => format!("{time:?}"),
        Some(Time::Constant(path)) => code(path),
    };
    let pause = pauses.map(|pause| match pause {
        Pause::Await(Await { field, within }) => match within {
            None => format!("await {field}"),
            Some(within) => format!("await {field} {}", time(within.time)),
        },
        Pause::Sleep(length) => format!("sleep {}", time(length)),
    });
    (
        errors.messages(),
        pause.into_iter().next().unwrap_or_default(),
    )
}

#[test]
fn pauses_are_read() {
    let cases = [
        (quote!(await(approval) >> a;), "await approval"),
        (quote!(await(approval,) >> a;), "await approval"),
        (
            quote!(await(approval, within = "3d") >> a;),
            "await approval 259200s",
        ),
        (
            quote!(await(approval, within = "1.5s",) >> a;),
            "await approval 1.5s",
        ),
        (
            quote!(await(approval, within = limits::ANSWER) >> a;),
            "await approval limits::ANSWER",
        ),
        // A name is no keyword.
        (quote!(await(within) >> a;), "await within"),
        (
            quote!(again: await(approval, within = "2h");),
            "await approval 7200s",
        ),
        (quote!(pause: sleep("1h");), "sleep 3600s"),
        (quote!(pause: sleep(PAUSE);), "sleep PAUSE"),
    ];
    for (graph, pause) in cases {
        let text = graph.to_string();
        assert_eq!(read(graph), (vec![], pause.into()), "{text}");
    }
    // `sleep` alone is a node.
    assert_eq!(
        read(quote!(sleep >> a; pause: sleep;)),
        (vec![], String::new())
    );
}

#[test]
fn one_mistake_is_one_message_and_what_is_known_is_kept() {
    let waits = "await approval";
    let unread = "await approval ?";
    let no_duration = "PF010: `within` is a duration";
    let cases = [
        (
            quote!(await(first, second) >> a;),
            "a place waits for one field: `await(first) >> await(second)`",
            "await first",
        ),
        (
            quote!(await(approval, "3d") >> a;),
            "a deadline has a name: `await(approval, within = \"3d\")`",
            waits,
        ),
        (
            quote!(await(approval, 3 + 4) >> a;),
            "after the field comes a deadline, or nothing: `await(approval, within = \"3d\")`",
            waits,
        ),
        (
            quote!(await(approval,, within = "1s") >> a;),
            "after the field comes a deadline, or nothing: `await(approval, within = \"3d\")`",
            "await approval 1s",
        ),
        (
            quote!(await(within = "3d", approval) >> a;),
            "the field comes first: `await(approval, within = \"3d\")`",
            "await approval 259200s",
        ),
        (
            quote!(await(approval, timeout = "3d") >> a;),
            "`await` has no option `timeout`",
            unread,
        ),
        (
            quote!(await(approval, whitin = "3d") >> a;),
            "`await` has no option `whitin`",
            unread,
        ),
        (
            quote!(await(approval, within = "3d", within = "4d") >> a;),
            "`within` is given twice",
            "await approval 259200s",
        ),
        (
            quote!(await(approval, within =) >> a;),
            "`within` has no value: write `within = \"3d\"`",
            unread,
        ),
        (
            quote!(await(approval, within("3d")) >> a;),
            "`within` takes its value after `=`: write `within = \"3d\"`",
            unread,
        ),
        (
            quote!(await(approval, within: "3d") >> a;),
            "`within` takes its value after `=`: write `within = \"3d\"`",
            unread,
        ),
        (
            quote!(await(approval, within = "soon") >> a;),
            "PF010: \"soon\" is not a duration",
            unread,
        ),
        (
            quote!(await(approval, within = 3d) >> a;),
            no_duration,
            unread,
        ),
        (
            quote!(await(approval, within = limit) >> a;),
            no_duration,
            unread,
        ),
        (
            quote!(await(approval, within = context.limit) >> a;),
            no_duration,
            unread,
        ),
        (
            quote!(a >> sleep("1h") >> b;),
            "a step that sleeps has a name, by which a run is found again",
            "",
        ),
        (
            quote!(a >> (b, sleep("1h"));),
            "a `sleep` cannot be in a fork: declare it, and write it before the fork, or after it",
            "",
        ),
        (
            quote!(pause: sleep(); a >> pause;),
            "say how long it sleeps: `sleep(\"1h\")`",
            "sleep ?",
        ),
        (
            quote!(pause: sleep(1h); a >> pause;),
            "PF010: a `sleep` takes a duration",
            "sleep ?",
        ),
        (
            quote!(pub pause: sleep("1h"); a >> pause;),
            "`pause` holds nothing that can be configured: leave `pub` out",
            "sleep 3600s",
        ),
    ];
    for (graph, message, pause) in cases {
        let text = graph.to_string();
        let (messages, read) = read(graph);
        let first_lines: Vec<_> = messages
            .iter()
            .filter_map(|text| text.lines().next())
            .collect();
        assert_eq!((first_lines, &*read), (vec![message], pause), "{text}");
    }
}
