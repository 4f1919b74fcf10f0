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
        let (name, first) = (&model.places[*from].label, &model.edges[*first]);
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
        errors.on(*action_span, Code::PF003.refuse(wrong).help(help));
    }
}

fn describe(model: &Model, target: Target) -> String {
    match target {
        Target::Place(place) => format!("`{}`", model.places[place].label),
        Target::Exit(exit) if model.exits[exit].name == DEFAULT => "`end`".into(),
        Target::Exit(exit) => format!("`end \"{}\"`", model.exits[exit].name),
    }
}
