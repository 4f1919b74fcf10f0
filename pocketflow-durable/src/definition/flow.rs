//! The definition of a flow: its places and edges, by names.

use std::collections::BTreeSet;

use pocketflow::{Graph, Place, Target};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FlowDefinition {
    pub(super) name: String,
    pub(super) places: Vec<PlaceDefinition>,
    edges: Vec<EdgeDefinition>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlaceDefinition {
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    flow: Option<FlowDefinition>,
    /// The fields on which flows run here. Their inner runs have definitions of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on: Option<String>,
}

/// An edge, by names. The edge that a bound leads to is separate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct EdgeDefinition {
    from: String,
    action: String,
    to: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<u32>,
}

impl FlowDefinition {
    pub(super) fn of(graph: &Graph) -> Self {
        let name = |target: Target| match target {
            Target::Place(place) => graph.places[place].name.to_owned(),
            Target::Exit(exit) if graph.exits[exit] == "default" => "end".to_owned(),
            Target::Exit(exit) => format!("end \"{}\"", graph.exits[exit]),
        };
        let places = graph.places.iter();
        let places = places.map(|place| PlaceDefinition {
            name: place.name.into(),
            flow: place.node.flow.map(Self::of),
            on: runs_on(place),
        });
        let mut edges = Vec::new();
        for edge in graph.edges {
            let from = graph.places[edge.from].name.to_owned();
            let max = edge.bound.map(|bound| bound.max);
            edges.push(EdgeDefinition {
                from: from.clone(),
                action: edge.action.into(),
                to: name(edge.to),
                max,
            });
            if let Some(bound) = edge.bound {
                let action = format!("{}, after {}", edge.action, bound.max);
                edges.push(EdgeDefinition {
                    from,
                    action,
                    to: name(bound.otherwise),
                    max: None,
                });
            }
        }
        Self {
            name: graph.name.into(),
            places: places.collect(),
            edges,
        }
    }

    /// The inner runs of a place belong to a field.
    fn compare_fields(&self, place: &PlaceDefinition, now: &Self, conflicts: &mut Vec<String>) {
        let mut others = now.places.iter();
        let Some(other) = others.find(|other| other.name == place.name) else {
            return;
        };
        if other.on != place.on {
            let [was, is] =
                [place, other].map(|place| place.on.as_deref().unwrap_or("on no field"));
            conflicts.push(format!(
                "`{}` of `{}` ran {was}, and runs {is} now",
                place.name, now.name
            ));
        }
    }

    pub(super) fn conflicts(&self, now: &Self, conflicts: &mut Vec<String>) {
        if self.name != now.name {
            conflicts.push(format!(
                "the flow `{}` is called `{}` now",
                self.name, now.name
            ));
        }
        let flow = &now.name;
        let known: BTreeSet<_> = self.places.iter().map(|place| &place.name).collect();
        for place in &self.places {
            self.compare_fields(place, now, conflicts);
            match (
                now.places.iter().find(|other| other.name == place.name),
                &place.flow,
            ) {
                (None, _) => {
                    conflicts.push(format!("the node `{}` of `{flow}` is gone", place.name))
                }
                (
                    Some(PlaceDefinition {
                        flow: Some(now), ..
                    }),
                    Some(inner),
                ) => inner.conflicts(now, conflicts),
                (Some(PlaceDefinition { flow: None, .. }), None) => {}
                (Some(PlaceDefinition { flow: now, .. }), _) => {
                    let [was, is] = if now.is_some() {
                        ["a node", "a flow"]
                    } else {
                        ["a flow", "a node"]
                    };
                    conflicts.push(format!(
                        "`{}` of `{flow}` was {was}, and is {is} now",
                        place.name
                    ));
                }
            }
        }
        for edge in &self.edges {
            let EdgeDefinition {
                from,
                action,
                to,
                max,
            } = edge;
            if !now.places.iter().any(|place| place.name == *from) {
                continue;
            }
            match now
                .edges
                .iter()
                .find(|other| other.from == *from && other.action == *action)
            {
                None => conflicts.push(format!(
                    "the edge `{from} - \"{action}\"` of `{flow}` is gone"
                )),
                Some(other) if other.max != *max => {
                    conflicts.push(format!(
                        "the edge `{from} - \"{action}\"` of `{flow}` has another bound"
                    ));
                }
                // It may lead to a new node.
                Some(other)
                    if other.to != *to && (known.contains(&other.to) || is_exit(&other.to)) =>
                {
                    conflicts.push(format!(
                        "the edge `{from} - \"{action}\"` of `{flow}` led to `{to}`, and leads to `{}` now",
                        other.to
                    ));
                }
                Some(_) => {}
            }
        }
    }
}

/// The fields on which flows run at a place, in words.
fn runs_on(place: &Place) -> Option<String> {
    let own = place.node.on.map(|on| match on.each {
        Some(_) => format!("on each of `{}`", on.field),
        None => format!("on `{}`", on.field),
    });
    let fields: Vec<_> = own
        .into_iter()
        .chain(place.fork.iter().filter_map(runs_on))
        .collect();
    (!fields.is_empty()).then(|| fields.join(" and "))
}

/// Whether an edge to this name ends the flow. A node may be called `end_well`.
fn is_exit(to: &str) -> bool {
    to == "end" || to.starts_with("end \"")
}
