//! Names that a flow uses twice or cannot use.

use quote::ToTokens;

use crate::flow::model::Model;
use crate::flow::parse::{Statement, Syntax};
use crate::names::{is_identifier, pascal, snake};
use crate::refusal::{Errors, refuse};

/// A declaration of `end`, and a second declaration of a name.
pub(super) fn declarations(syntax: &Syntax, errors: &mut Errors) {
    let mut earlier = Vec::new();
    for statement in &syntax.statements {
        let Statement::Declaration(declaration) = statement else {
            continue;
        };
        let name = &declaration.name;
        if name == "end" {
            errors.at(
                name,
                "`end` is where a flow ends: give the node another name",
            );
        } else if earlier.contains(&name) {
            errors.at(name, format!("`{name}` is declared twice"));
        } else {
            earlier.push(name);
        }
    }
}

/// A node that one fork names twice.
pub(super) fn forks(model: &Model, errors: &mut Errors) {
    for place in &model.places {
        for (index, node) in place.nodes.iter().enumerate() {
            let name = &node.name;
            // Flows on one field are PF007, and one flow may run on several fields.
            if node.on.is_some() {
                continue;
            }
            if place.nodes[..index].iter().any(|other| other.name == *name) {
                errors.on(
                    node.span(),
                    refuse(format!("`{name}` is in this fork twice")).help(format!(
                        "declare it under a second name: `other_{name}: {name};`"
                    )),
                );
            }
        }
    }
}

/// An exit whose name cannot become a variant, or becomes the variant of another exit.
pub(super) fn exits(model: &Model, errors: &mut Errors) {
    for (index, exit) in model.exits.iter().enumerate() {
        let (name, variant, span) = (&exit.name, pascal(&exit.name), exit.variant.span());
        let same = |other: &&crate::flow::model::Exit| pascal(&other.name) == variant;
        if !is_identifier(&variant) {
            errors.on(span, format!("an exit becomes the variant of an enum, and \"{name}\" cannot be the name of one"));
        } else if let Some(other) = model.exits[..index].iter().find(same) {
            let other = &other.name;
            errors.on(
                span,
                format!(
                    "the exits \"{other}\" and \"{name}\" would both be the variant `{variant}`"
                ),
            );
        }
    }
}

/// Two places with one name, which neither a message nor a resumed run could distinguish.
pub(super) fn places(model: &Model, errors: &mut Errors) {
    for (index, place) in model.places.iter().enumerate() {
        let label = &place.label;
        if model.places[..index]
            .iter()
            .any(|other| other.label == *label)
        {
            let node = &place.nodes[0];
            let path = node.path.to_token_stream().to_string();
            let mut path = path.replace(' ', "");
            let mut name = label.clone();
            if let (Some(_), Some((flow, field))) = (&node.on, label.split_once('.')) {
                path = format!("{path}.{field}");
                name = snake(flow);
            }
            errors.on(
                place.first,
                refuse(format!("two nodes of this flow are called `{label}`")).help(format!(
                    "declare this one under another name: `other_{name}: {path};`"
                )),
            );
        }
    }
}
