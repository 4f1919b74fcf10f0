//! PF010 for policies, times and bounds that are constants.

use std::time::Duration;

use crate::checks::check_policy;
use crate::graph::sample::{NODE, STORE, graph, message, place};
use crate::graph::{Description, Graph};
use crate::node::Policy;

#[test]
fn a_policy_makes_sense() {
    const SOUND: Policy = Policy::ONCE;
    let options = [
        "attempts", "backoff", "jitter", "max_wait", "timeout", "parallel",
    ];
    for option in options {
        assert_eq!(message(|| check_policy(&SOUND, option)), None, "{option}");
    }
    let second = Duration::from_secs(1);
    let senseless = [
        Policy {
            attempts: 0,
            ..SOUND
        },
        Policy {
            backoff: 0.5,
            ..SOUND
        },
        Policy {
            jitter: 1.5,
            ..SOUND
        },
        Policy {
            wait: second,
            max_wait: Duration::ZERO,
            ..SOUND
        },
        Policy {
            timeout: Some(Duration::ZERO),
            ..SOUND
        },
        Policy {
            parallel: 0,
            ..SOUND
        },
    ];
    for (policy, option) in senseless.into_iter().zip(options) {
        let fault = policy.fault(option).unwrap();
        assert_eq!(
            message(|| check_policy(&policy, option)).unwrap(),
            format!("PF010: {}\nhelp: `{option}`: {}", fault.wrong, fault.help)
        );
        // Only the option itself is reported.
        for other in options.iter().filter(|other| **other != option) {
            assert_eq!(
                message(|| check_policy(&policy, other)),
                None,
                "{option}, {other}"
            );
        }
    }
}

#[test]
fn a_time_is_above_zero() {
    let says = |description| {
        let flow = graph(vec![place("step", description)], "");
        message(|| flow.check_time(0))
    };
    let within = |time| Description {
        within: Some(time),
        ..Description::awaits("await", STORE, &["a"])
    };
    let sleeps = |time| Description::sleeps("sleep", STORE, time);
    let least = Duration::from_nanos(1);
    for right in [
        NODE,
        Description::awaits("await", STORE, &["a"]),
        within(least),
        sleeps(least),
    ] {
        assert_eq!(says(right), None);
    }
    assert_eq!(
        says(within(Duration::ZERO)).unwrap(),
        "PF010: with a deadline of zero, nothing can arrive in time\nhelp: let the constant be \
         above zero"
    );
    assert_eq!(
        says(sleeps(Duration::ZERO)).unwrap(),
        "PF010: a sleep of zero does nothing\nhelp: let the constant be above zero, or leave the \
         step out"
    );
}

#[test]
fn a_bound_is_above_zero() {
    let flow: Graph = graph(
        vec![place("first", NODE), place("second", NODE)],
        "first >> second; second >> first max 1 else end; first >> second max 0 else end",
    );
    assert_eq!(message(|| flow.check_bound(0)), None);
    assert_eq!(message(|| flow.check_bound(1)), None);
    assert_eq!(
        message(|| flow.check_bound(2)).unwrap(),
        "PF010: an edge with `max 0` is never taken\nhelp: leave the edge out, or let the constant \
         be at least 1"
    );
}
