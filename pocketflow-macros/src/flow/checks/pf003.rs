//! PF003: an action that is wired twice.

use crate::flow::model::{DEFAULT, DuplicateEdge, Model, Target};
use crate::refusal::{Code, Errors};

pub(super) fn wired_twice(model: &Model, errors: &mut Errors) {
    for duplicate in &model.duplicates {
        let DuplicateEdge {
            from,
            action_span,
            to,
            first,
        } = duplicate;
        let (place, first) = (&model.places[*from], &model.edges[*first]);
        let name = &place.label;
        let what = match first.action.as_str() {
            DEFAULT => format!("`{name} >> …` is written twice"),
            _ if first.error.is_some() => format!("`{name}` has two error edges"),
            action => format!("the action \"{action}\" of `{name}` is wired twice"),
        };
        let help = match first.to {
            Target::Place(place) if first.to == *to => {
                let next = &model.places[place].label;
                format!("it is the same edge: go on from `{next}`, with `{next} >> …;`")
            }
            _ => "an action leads to one place: keep one of the two edges".into(),
        };
        let target = describe(model, first.to);
        let wrong = format!("{what}: it already leads to {target}");
        let mut refusal = Code::PF003.refuse(wrong).help(help);
        // The same flow on the same field is one place, wherever it is written.
        let is_on_field =
            !place.is_fork() && place.nodes[0].on.is_some() && !place.nodes[0].declared;
        if is_on_field && first.to != *to {
            refusal = refusal.help(format!(
                "if this is meant to be another place, declare it: `again: {name};`, and name `again` in the edges"
            ));
        }
        errors.on(*action_span, refusal);
    }
}

fn describe(model: &Model, target: Target) -> String {
    match target {
        Target::Place(place) => format!("`{}`", model.places[place].label),
        Target::Exit(exit) if model.exits[exit].name == DEFAULT => "`end`".into(),
        Target::Exit(exit) => format!("`end \"{}\"`", model.exits[exit].name),
    }
}
