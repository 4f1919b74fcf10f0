//! PF001: what to write in place of an edge, or of an error edge.

use std::time::Duration;

use super::{CHOICE, flow, flow_on, leak};
use crate::action::ActionInfo;
use crate::graph::sample::{NODE, STORE, action, fork, graph, message, on, place};
use crate::graph::{Description, Each, Graph, Handled, Place};

const FAILS: Description = Description {
    fails: true,
    ..NODE
};

/// What the check says of one edge from this place to `next`.
fn says(place: Place, edge: &'static str) -> String {
    let flow = graph(vec![place, self::place("next", NODE)], edge);
    message(|| flow.check_action(0)).unwrap_or_default()
}

/// A flow that runs on a field, with these exits and inputs.
fn inner(exits: &'static [&'static str], inputs: &'static [&'static str]) -> &'static Graph {
    leak(Graph {
        exits,
        inputs,
        ..graph(vec![place("x", NODE)], "")
    })
}

// ---- An edge. ----

#[test]
fn a_node_returns_actions_and_a_flow_has_exits() {
    assert_eq!(
        says(place("plain", NODE), "plain - any >> next"),
        "PF001: `plain` never returns \"any\"\nhelp: it returns no action: write `plain >> next`"
    );
    assert_eq!(
        says(place("choice", CHOICE), "choice - another >> next"),
        "PF001: `choice` never returns \"another\"\nhelp: it returns \"yes\" or \"no\""
    );
    assert_eq!(
        says(flow("flow", &["paid", "lost"]), "flow - sent >> next"),
        "PF001: `flow` has no exit \"sent\"\nhelp: it returns \"paid\" or \"lost\""
    );
    assert_eq!(
        says(flow("endless", &[]), "endless >> next"),
        "PF001: `endless` has no exit \"default\"\nhelp: it never ends, so no edge leads on from it"
    );
    // There may be no item, so it has the action `default`, but no edge follows a flow that never
    // ends.
    let each = on("each", inner(&[], &[]), "a", Some(Each::at_a_time(1)));
    assert_eq!(
        says(each, "each >> next"),
        "PF001: `each` has no exit \"default\"\nhelp: it never ends, so no edge leads on from it"
    );
}

#[test]
fn an_exit_of_the_flow_of_each_item_is_no_action() {
    let exits = inner(&["paid", "default", "lost"], &[]);
    let each = || on("each", exits, "a", Some(Each::at_a_time(1)));
    assert_eq!(says(each(), "each >> next"), "");
    let of_an_item = "help: `each` has one action, `default`, because each item ends on its own: \
                      let an item say in its own store how it ended, and let a node after `each` \
                      choose by that";
    for (exit, edge) in [
        ("paid", "each - paid >> next"),
        ("lost", "each - lost >> next"),
    ] {
        assert_eq!(
            says(each(), edge),
            format!("PF001: `each` never returns \"{exit}\"\n{of_an_item}")
        );
    }
    assert_eq!(
        says(each(), "each - sent >> next"),
        "PF001: `each` never returns \"sent\"\nhelp: it returns no action: write `each >> next`"
    );
    // On the field itself, the exits are the actions.
    let on_field = || on("on", exits, "a", None);
    assert_eq!(says(on_field(), "on - paid >> next"), "");
    assert_eq!(
        says(on_field(), "on - another >> next"),
        "PF001: `on` has no exit \"another\"\nhelp: it returns \"paid\", \"default\" or \"lost\""
    );
}

#[test]
fn an_error_edge_has_no_quotes() {
    assert_eq!(
        says(place("pay", FAILS), "pay - error >> next"),
        "PF001: `pay` never returns \"error\"\nhelp: the edge for a failure has no quotes: \
         `pay - error >> next`"
    );
    let no_action = "help: it returns no action: write `pay >> next`";
    assert_eq!(
        says(place("pay", NODE), "pay - error >> next"),
        format!("PF001: `pay` never returns \"error\"\n{no_action}")
    );
    assert_eq!(
        says(place("pay", FAILS), "pay - failed >> next"),
        format!("PF001: `pay` never returns \"failed\"\n{no_action}")
    );
}

#[test]
fn only_an_await_with_a_deadline_expires() {
    const ACTIONS: &[ActionInfo; 2] = &ActionInfo::of_await(&["a"]);
    let awaits = Description::awaits("await", STORE, &["a"]);
    let expiring = awaits.expiring(ACTIONS, Duration::from_secs(1));
    let of = |description| place("await", description);
    assert_eq!(says(of(awaits), "await >> next"), "");
    assert_eq!(says(of(expiring), "await - expired >> next"), "");
    assert_eq!(
        says(of(awaits), "await - expired >> next"),
        "PF001: `await` never returns \"expired\"\nhelp: give it a deadline, once, at any mention: \
         `await(a, within = \"3d\")`"
    );
    let no_action = "help: it returns no action: write `await >> next`";
    assert_eq!(
        says(of(awaits), "await - other >> next"),
        format!("PF001: `await` never returns \"other\"\n{no_action}")
    );
    assert_eq!(
        says(of(NODE), "await - expired >> next"),
        format!("PF001: `await` never returns \"expired\"\n{no_action}")
    );
    assert_eq!(
        says(of(expiring), "await - expird >> next"),
        "PF001: `await` never returns \"expird\"\nhelp: did you mean \"expired\"?"
    );
    assert_eq!(
        says(of(expiring), "await - other >> next"),
        "PF001: `await` never returns \"other\"\nhelp: it returns \"default\" or \"expired\""
    );
}

// ---- An error edge. ----

#[test]
fn an_error_edge_follows_what_can_fail() {
    for right in [
        place("place", FAILS),
        place("place", Description::UNKNOWN),
        flow_on("place", &["default"], FAILS),
        fork("place", vec![place("f0", NODE), place("f1", FAILS)]),
        // An input of a flow on a field may be empty.
        on("place", inner(&["default"], &["b"]), "a", None),
    ] {
        assert_eq!(says(right, "place - error() >> next"), "");
        assert_eq!(says(right, "place - error(d) >> next"), "");
    }
    assert_eq!(
        says(place("plain", NODE), "plain - error() >> next"),
        "PF001: `plain` cannot fail, so it has no error edge\nhelp: remove the edge, or let `exec` \
         return a `Result`"
    );
}

#[test]
fn no_node_inside_a_flow_can_fail() {
    let inside = |name| {
        format!(
            "PF001: `{name}` cannot fail, so it has no error edge\nhelp: remove the edge: no node of \
             it can fail without an error edge of its own"
        )
    };
    assert_eq!(
        says(flow("flow", &["default"]), "flow - error() >> next"),
        inside("flow")
    );
    let on_field = |each| on("on", inner(&["default"], &[]), "a", each);
    assert_eq!(says(on_field(None), "on - error() >> next"), inside("on"));
    let each = Some(Each::at_a_time(1));
    assert_eq!(says(on_field(each), "on - error() >> next"), inside("on"));
}

#[test]
fn what_handles_the_failures_is_named() {
    let failures = "collects the items that fail, with `failures`";
    let handled = |handled| Description {
        handled: Some(handled),
        ..NODE
    };
    assert_eq!(
        says(
            place("price", handled(Handled::Failures)),
            "price - error() >> next"
        ),
        format!(
            "PF001: `price` cannot fail, so it has no error edge\nnote: `price` {failures}\nhelp: \
             remove the edge, or leave `failures` out"
        )
    );
    assert_eq!(
        says(
            place("pay", handled(Handled::Fallback)),
            "pay - error() >> next"
        ),
        "PF001: `pay` cannot fail, so it has no error edge\nnote: the `fallback` of `pay` returns a \
         plain value, which replaces each failure\nhelp: remove the edge, or let `fallback` return \
         a `Result`"
    );
    let each = Each::at_a_time(1).failing_into("d", |_, _| ());
    let each = on("each", inner(&["default"], &["b"]), "a", Some(each));
    assert_eq!(
        says(each, "each - error() >> next"),
        format!(
            "PF001: `each` cannot fail, so it has no error edge\nnote: `each` {failures}\nhelp: \
             remove the edge, or leave `failures` out"
        )
    );
    // Each node of a fork is named.
    let branches = vec![
        place("price", handled(Handled::Failures)),
        place("plain", NODE),
        place("pay", handled(Handled::Fallback)),
    ];
    let wrong = "PF001: `all` cannot fail, so it has no error edge\n";
    let help = "help: remove the edge, or let a failure of a node leave the fork";
    assert_eq!(
        says(fork("all", branches), "all - error() >> next"),
        format!(
            "{wrong}note: `price` {failures}\nnote: the `fallback` of `pay` returns a plain value, \
             which replaces each failure\n{help}"
        )
    );
    let branches = vec![place("f0", NODE), place("f1", NODE)];
    assert_eq!(
        says(fork("all", branches), "all - error() >> next"),
        format!("{wrong}{help}")
    );
}

#[test]
fn only_a_driver_fails_while_a_flow_waits() {
    for pause in [
        Description::awaits("pause", STORE, &["a"]),
        Description::sleeps("pause", STORE, Duration::from_secs(1)),
    ] {
        assert_eq!(
            says(place("pause", pause), "pause - error() >> next"),
            "PF001: `pause` cannot fail, so it has no error edge\nhelp: remove the edge: only a \
             driver can fail while the flow waits, and its error ends the run"
        );
    }
}

#[test]
fn an_action_and_an_error_edge_have_different_names() {
    let help = "and it has an error edge as well\nhelp: give the action another name: in the record \
                of a run, both would be called `error`";
    for fails in [false, true] {
        let node = Description {
            actions: const { &[action("paid", &[]), action("error", &[])] },
            fails,
            ..NODE
        };
        assert_eq!(
            says(place("pay", node), "pay - error() >> next"),
            format!("PF001: `pay` returns the action \"error\", {help}")
        );
        assert_eq!(says(place("pay", node), "pay - error >> next"), "");
    }
    assert_eq!(
        says(flow("flow", &["paid", "error"]), "flow - error() >> next"),
        format!("PF001: `flow` has an exit \"error\", {help}")
    );
}
