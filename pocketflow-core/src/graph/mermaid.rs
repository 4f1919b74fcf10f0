//! A graph as a Mermaid flowchart.

use std::fmt;

use super::{Graph, Target};

/// The first place is round, so that the start is seen, or an arrow leads to it; an exit that somebody wrote is a circle.
impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flowchart TD")?;
        Drawing { graph: self, prefix: String::new(), depth: 1 }.draw(f)
    }
}

/// A flow, at its depth. The prefix tells the places of a nested flow from others of their name.
struct Drawing<'a> {
    graph: &'a Graph,
    prefix: String,
    depth: usize,
}

impl Drawing<'_> {
    fn draw(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.graph.places.first().is_some_and(|first| {
            first.node.flow.is_some() || first.node.waits.is_some() || !first.fork.is_empty()
        }) {
            self.line(f, format_args!("{0}start.0((start)) --> {1}", self.prefix, self.place(0)))?;
        }
        for (index, place) in self.graph.places.iter().enumerate() {
            let (id, name) = (self.place(index), place.name);
            match place.node.flow {
                Some(graph) => {
                    self.line(f, format_args!("subgraph {id}[{name}]"))?;
                    Drawing { graph, prefix: format!("{id}."), depth: self.depth + 1 }.draw(f)?;
                    self.line(f, format_args!("end"))?;
                }
                None if !place.fork.is_empty() => {
                    self.line(f, format_args!("subgraph {id}[at the same time]"))?;
                    for node in place.fork {
                        self.line(f, format_args!("    {id}.{0}[{0}]", node.name))?;
                    }
                    self.line(f, format_args!("end"))?;
                }
                None if let Some(field) = place.node.waits => {
                    self.line(f, format_args!("{id}{{{{await {field}}}}}"))?;
                }
                None if index == 0 => self.line(f, format_args!("{id}([{name}])"))?,
                // A name stands for its place by itself, where the edges show it.
                None if id != name => self.line(f, format_args!("{id}[{name}]"))?,
                None => {}
            }
        }
        for (index, exit) in self.graph.exits.iter().enumerate() {
            if self.draws(Target::Exit(index)) {
                let name = if *exit == "default" { "end" } else { exit };
                self.line(f, format_args!("{}(({name}))", self.exit(index)))?;
            }
        }
        for edge in self.graph.edges {
            let label = if edge.action == "default" { "" } else { edge.action };
            match edge.bound {
                None => self.arrow(f, edge.from, label, edge.to)?,
                Some(bound) => {
                    let comma = if label.is_empty() { "" } else { ", " };
                    self.arrow(f, edge.from, &format!("{label}{comma}at most {}", bound.max), edge.to)?;
                    self.arrow(f, edge.from, &format!("{label}{comma}then"), bound.otherwise)?;
                }
            }
        }
        Ok(())
    }

    fn arrow(&self, f: &mut fmt::Formatter<'_>, from: usize, label: &str, to: Target) -> fmt::Result {
        let from = self.place(from);
        let to = match to {
            Target::Place(place) => self.place(place),
            Target::Exit(exit) if self.draws(to) => self.exit(exit),
            Target::Exit(_) => return Ok(()),
        };
        match label {
            "" => self.line(f, format_args!("{from} --> {to}")),
            label => self.line(f, format_args!("{from} -->|{label}| {to}")),
        }
    }

    fn line(&self, f: &mut fmt::Formatter<'_>, line: fmt::Arguments<'_>) -> fmt::Result {
        write!(f, "\n{:width$}{line}", "", width = 4 * self.depth)
    }

    /// An end that nobody wrote needs no picture: no arrow leaves the place.
    fn draws(&self, target: Target) -> bool {
        self.graph.edges.iter().any(|edge| {
            edge.written && edge.to == target || edge.bound.is_some_and(|bound| bound.otherwise == target)
        })
    }

    /// The words of Mermaid's own are no names of places.
    fn place(&self, place: usize) -> String {
        const RESERVED: [&str; 12] = [
            "call",
            "class",
            "classDef",
            "click",
            "default",
            "direction",
            "flowchart",
            "graph",
            "href",
            "linkStyle",
            "style",
            "subgraph",
        ];
        let name = self.graph.places[place].name;
        if !self.graph.places[place].fork.is_empty() {
            return format!("{}fork.{place}", self.prefix);
        }
        if self.graph.places[place].node.waits.is_some() {
            return format!("{}await.{place}", self.prefix);
        }
        let mark = if RESERVED.contains(&name) { "_" } else { "" };
        format!("{}{name}{mark}", self.prefix)
    }

    fn exit(&self, exit: usize) -> String {
        format!("{}exit.{exit}", self.prefix)
    }
}
