//! Steps that let time pass: an `await`, and a declared `sleep`.

use crate::flow::model::Model;
use crate::flow::parse::{Pause, Time};
use crate::refusal::{Code, Errors, refuse};

/// A declared pause in a fork.
pub(super) fn forks(model: &Model, errors: &mut Errors) {
    let forks = model.places.iter().filter(|place| place.is_fork());
    for node in forks.flat_map(|fork| &fork.nodes) {
        let Some(pause) = &node.pause else { continue };
        let (name, kind) = (&node.label, kind(pause));
        errors.on(
            node.span(),
            refuse(format!(
                "`{name}` is {kind}, which cannot be in a fork: write it before the fork, or after it"
            )),
        );
    }
}

/// PF010: a deadline, or a sleep, of zero.
pub(super) fn zero(model: &Model, errors: &mut Errors) {
    for node in model.nodes() {
        let (Some(pause), Some(Time::Literal(time, span))) = (&node.pause, node.time()) else {
            continue;
        };
        if !time.is_zero() {
            continue;
        }
        let (wrong, help) = match pause {
            Pause::Await(_) => (
                "with a deadline of zero, nothing can arrive in time",
                "write how long the flow waits: `within = \"3d\"`",
            ),
            Pause::Sleep(_) => (
                "a sleep of zero does nothing",
                "write how long it sleeps, `sleep(\"1h\")`, or leave the step out",
            ),
        };
        errors.on(*span, Code::PF010.refuse(wrong).help(help));
    }
}

/// The kind of a pause, for a message.
pub(super) fn kind(pause: &Pause) -> &'static str {
    match pause {
        Pause::Await(_) => "an `await`",
        Pause::Sleep(_) => "a `sleep`",
    }
}
