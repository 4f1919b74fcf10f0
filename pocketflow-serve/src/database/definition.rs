//! The definition of a flow, which `pocketflow-checkpoint` stores with a run, as the graphs of a record.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

/// What the page reads of a stored definition. What it does not know, it leaves out.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Definition {
    #[serde(default)]
    pub(crate) flow: Flow,
    /// The fields that are confidential.
    #[serde(default)]
    pub(crate) redacted: BTreeSet<String>,
    /// Descriptions of the types of awaited fields, as JSON Schemas.
    #[serde(default)]
    pub(crate) schemas: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Flow {
    #[serde(default)]
    name: String,
    #[serde(default)]
    places: Vec<Place>,
    #[serde(default)]
    edges: Vec<Edge>,
}

#[derive(Debug, Clone, Deserialize)]
struct Place {
    name: String,
    #[serde(default)]
    flow: Option<Flow>,
    #[serde(default)]
    on: Option<String>,
}

/// An edge, by names. The edge that a bound leads to is the next one, whose action names the bound.
#[derive(Debug, Clone, Deserialize)]
struct Edge {
    from: String,
    action: String,
    to: String,
    #[serde(default)]
    max: Option<u32>,
}

impl Definition {
    /// Reads a stored definition. One that this version does not understand has no places.
    pub(crate) fn read(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }
}

/// The graphs of a flow and of its nested flows, as a record numbers them.
#[derive(Debug, Default)]
pub(crate) struct Graphs {
    pub(crate) all: Vec<Graph>,
}

/// A graph, with what is needed to follow a run through it.
#[derive(Debug)]
pub(crate) struct Graph {
    name: String,
    places: Vec<GraphPlace>,
    exits: Vec<String>,
    edges: Vec<GraphEdge>,
}

#[derive(Debug)]
pub(crate) struct GraphPlace {
    pub(crate) name: String,
    /// The number of the graph of the nested flow.
    pub(crate) flow: Option<usize>,
    on: Option<String>,
}

#[derive(Debug)]
pub(crate) struct GraphEdge {
    from: usize,
    action: String,
    pub(crate) to: Target,
    pub(crate) bound: Option<(u32, Target)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Place(usize),
    Exit(usize),
}

impl Target {
    pub(crate) fn json(self) -> Value {
        match self {
            Self::Place(place) => json!({ "place": place }),
            Self::Exit(exit) => json!({ "exit": exit }),
        }
    }
}

impl Graphs {
    /// Numbers the graphs. The outermost one comes last.
    pub(crate) fn of(flow: &Flow) -> Self {
        let mut graphs = Self::default();
        graphs.add(flow);
        graphs
    }

    /// The number of the outermost graph.
    pub(crate) fn outermost(&self) -> usize {
        self.all.len() - 1
    }

    fn add(&mut self, flow: &Flow) -> usize {
        let mut places = Vec::new();
        for Place { name, flow, on } in &flow.places {
            let flow = flow.as_ref().map(|flow| self.add(flow));
            let (name, on) = (name.clone(), on.clone());
            places.push(GraphPlace { name, flow, on });
        }
        let mut graph = Graph {
            name: flow.name.clone(),
            places,
            exits: vec!["default".to_owned()],
            edges: Vec::new(),
        };
        let mut edges = flow.edges.iter().peekable();
        while let Some(edge) = edges.next() {
            let Some(from) = graph.place(&edge.from) else {
                continue;
            };
            let to = graph.target(&edge.to);
            let bound = edge.max.and_then(|max| {
                let action = format!("{}, after {max}", edge.action);
                let next = edges.next_if(|next| next.from == edge.from && next.action == action)?;
                Some((max, graph.target(&next.to)))
            });
            let action = edge.action.clone();
            graph.edges.push(GraphEdge {
                from,
                action,
                to,
                bound,
            });
        }
        self.all.push(graph);
        self.all.len() - 1
    }

    /// The events that describe the graphs.
    pub(crate) fn events(&self, at: u64, store: &str, fingerprint: &str) -> Vec<Value> {
        let last = self.outermost();
        let graphs = self.all.iter().enumerate();
        graphs
            .map(|(number, graph)| {
                let fingerprint = if number == last { fingerprint } else { "" };
                json!({
                    "event": "graph", "at": at, "graph": number, "name": graph.name,
                    "fingerprint": fingerprint, "store": store, "exits": graph.exits,
                    "places": graph.places.iter().map(|place| place.json(graph)).collect::<Vec<_>>(),
                    "edges": graph.edges.iter().map(GraphEdge::json).collect::<Vec<_>>(),
                })
            })
            .collect()
    }
}

impl GraphPlace {
    /// The field that an `await(field)` waits for.
    pub(crate) fn waits(&self) -> Option<&str> {
        self.name.strip_prefix("await(")?.strip_suffix(')')
    }

    fn json(&self, graph: &Graph) -> Value {
        let kind = match self {
            Self { flow: Some(_), .. } => "flow",
            Self { on: Some(on), .. } if on.starts_with("on each") => "each",
            Self { on: Some(_), .. } => "on",
            _ if self.waits().is_some() => "await",
            Self { name, .. } if name.starts_with("sleep(") => "sleep",
            _ => "node",
        };
        let own = |edge: &&GraphEdge| graph.places[edge.from].name == self.name;
        let actions: Vec<&str> = graph
            .edges
            .iter()
            .filter(own)
            .map(|edge| &*edge.action)
            .collect();
        let mut place = json!({ "name": self.name, "kind": kind, "actions": actions });
        if let Some(flow) = self.flow {
            place["flow"] = flow.into();
        }
        if let Some(field) = self.waits() {
            place["waits"] = field.into();
        }
        if let Some(on) = &self.on {
            let field = on.split('`').nth(1).unwrap_or(on);
            place["field"] = field.into();
        }
        place
    }
}

impl GraphEdge {
    fn json(&self) -> Value {
        let mut edge = json!({
            "from": self.from, "action": self.action, "to": self.to.json(), "written": true,
        });
        if let Some((max, otherwise)) = self.bound {
            edge["bound"] = json!({ "max": max, "otherwise": otherwise.json() });
        }
        edge
    }
}

impl Graph {
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.places.iter().position(|place| place.name == name)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The place at which the flow begins.
    pub(crate) fn first(&self) -> Option<&GraphPlace> {
        self.places.first()
    }

    pub(crate) fn at(&self, place: usize) -> &GraphPlace {
        &self.places[place]
    }

    pub(crate) fn exit(&self, exit: usize) -> &str {
        &self.exits[exit]
    }

    /// The edge that an action takes, with its index.
    pub(crate) fn edge(&self, from: usize, action: &str) -> Option<(usize, &GraphEdge)> {
        let mut edges = self.edges.iter().enumerate();
        edges.find(|(_, edge)| edge.from == from && edge.action == action)
    }

    /// The end of an edge. `end "given_up"` is the exit `given_up`.
    fn target(&mut self, name: &str) -> Target {
        let exit = match name.strip_prefix("end") {
            Some("") => "default",
            Some(rest) if self.place(name).is_none() => rest.trim_matches([' ', '"']),
            _ => return self.place(name).map_or(Target::Exit(0), Target::Place),
        };
        let known = self.exits.iter().position(|known| known == exit);
        Target::Exit(known.unwrap_or_else(|| {
            self.exits.push(exit.to_owned());
            self.exits.len() - 1
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_flow_becomes_the_graphs_of_a_record() {
        let stored = r#"{"flow":{"name":"Approval","places":[{"name":"write"},{"name":"await(decision)"},{"name":"Publish","flow":
            {"name":"Publish","places":[{"name":"send"}],"edges":[{"from":"send","action":"default","to":"end"}]}}],
            "edges":[{"from":"write","action":"default","to":"await(decision)"},
                {"from":"await(decision)","action":"rejected","to":"write","max":3},
                {"from":"await(decision)","action":"rejected, after 3","to":"end \"given_up\""},
                {"from":"await(decision)","action":"approved","to":"Publish"}]},
            "fields":{"brief":false},"proof":1,"waits":["decision"],"something":{"new":1}}"#;
        let graphs = Graphs::of(&Definition::read(stored).flow);
        assert_eq!(graphs.outermost(), 1);
        let events = graphs.events(5, "Order", "07");
        assert_eq!(events[0]["name"], "Publish");
        let graph = &events[1];
        assert_eq!(graph["exits"], json!(["default", "given_up"]));
        assert_eq!(graph["places"][1]["waits"], "decision");
        assert_eq!(
            graph["places"][2],
            json!({"name": "Publish", "kind": "flow", "actions": [], "flow": 0})
        );
        assert_eq!(
            graph["edges"][1]["bound"],
            json!({"max": 3, "otherwise": {"exit": 1}})
        );
        assert_eq!(graph["edges"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn what_is_not_understood_is_an_empty_flow() {
        assert_eq!(Graphs::of(&Definition::read("17").flow).all.len(), 1);
    }
}
