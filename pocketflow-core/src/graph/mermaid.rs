//! A graph as a Mermaid flowchart.

use std::borrow::Cow;
use std::fmt;

use super::short::Short;
use super::{ERROR, Edge, ErrorEdge, Graph, OnField, Place, Target};

/// The first place is round or has an arrow that leads to it, so that the start is visible. An exit
/// that the flow names is a circle. The line of an error edge is dotted.
impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flowchart TD")?;
        Drawing {
            graph: self,
            prefix: String::new(),
            depth: 1,
        }
        .draw(f)
    }
}

/// A flow at its depth. The prefix distinguishes the places of a nested flow from other places of
/// the same name.
struct Drawing<'a> {
    graph: &'a Graph,
    prefix: String,
    depth: usize,
}

impl Drawing<'_> {
    fn draw(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.draw_start(f)?;
        for (index, place) in self.graph.places.iter().enumerate() {
            self.draw_place(f, index, place)?;
        }
        for (index, exit) in self.graph.exits.iter().enumerate() {
            if self.draws(Target::Exit(index)) {
                let name = if *exit == "default" { "end" } else { exit };
                self.line(f, format_args!("{}(({}))", self.exit(index), text(name)))?;
            }
        }
        for edge in self.graph.edges {
            self.draw_edge(f, edge)?;
        }
        Ok(())
    }

    /// An arrow to a first place whose shape does not show that it is the start.
    fn draw_start(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_node = |place: &Place| {
            let node = place.node;
            let is_alone = place.fork.is_empty() && !node.is_pause();
            is_alone && node.flow.is_none() && node.on.is_none()
        };
        match self.graph.places.first() {
            Some(first) if !is_node(first) => self.line(
                f,
                format_args!("{0}start.0((start)) --> {1}", self.prefix, self.place(0)),
            ),
            _ => Ok(()),
        }
    }

    fn draw_place(&self, f: &mut fmt::Formatter<'_>, index: usize, place: &Place) -> fmt::Result {
        let (id, name) = (self.place(index), &text(place.name));
        if let Some(graph) = place.node.flow {
            self.draw_flow(f, &id, name, graph)
        } else if let Some(on) = &place.node.on {
            self.draw_flow(f, &id, &text(&title(place, on)), on.graph)
        } else if !place.fork.is_empty() {
            self.line(f, format_args!("subgraph {id}[at the same time]"))?;
            let inside = Drawing {
                graph: self.graph,
                prefix: format!("{id}."),
                depth: self.depth + 1,
            };
            for (branch, node) in place.fork.iter().enumerate() {
                let id = identifier(&inside.prefix, node, branch);
                match &node.node.on {
                    Some(on) => inside.draw_flow(f, &id, &text(&title(node, on)), on.graph)?,
                    None => inside.line(f, format_args!("{id}[{}]", text(node.name)))?,
                }
            }
            self.line(f, format_args!("end"))
        } else if let Some(field) = place.node.waits {
            let name = match place.node.within {
                Some(within) => format!("await {field}, {}", Short(within)),
                None => format!("await {field}"),
            };
            self.line(f, format_args!("{id}{{{{{}}}}}", text(&name)))
        } else if let Some(time) = place.node.sleeps {
            let name = format!("sleep {}", Short(time));
            self.line(f, format_args!("{id}{{{{{}}}}}", text(&name)))
        } else if index == 0 {
            self.line(f, format_args!("{id}([{name}])"))
        } else if id != *name {
            self.line(f, format_args!("{id}[{name}]"))
        } else {
            // The edges refer to a place by its identifier, which is its name.
            Ok(())
        }
    }

    /// A flow inside this one, in a box of its own.
    fn draw_flow(
        &self,
        f: &mut fmt::Formatter<'_>,
        id: &str,
        title: &str,
        graph: &Graph,
    ) -> fmt::Result {
        self.line(f, format_args!("subgraph {id}[{title}]"))?;
        Drawing {
            graph,
            prefix: format!("{id}."),
            depth: self.depth + 1,
        }
        .draw(f)?;
        self.line(f, format_args!("end"))
    }

    fn draw_edge(&self, f: &mut fmt::Formatter<'_>, edge: &Edge) -> fmt::Result {
        let label = match edge.error {
            Some(ErrorEdge { field: Some(field) }) => Cow::from(format!("{ERROR}({field})")),
            _ if edge.action == "default" => Cow::from(""),
            _ => Cow::from(edge.action),
        };
        let Some(bound) = edge.bound else {
            return self.arrow(f, edge, &label, edge.to);
        };
        let comma = if label.is_empty() { "" } else { ", " };
        let most = format!("{label}{comma}at most {}", bound.max);
        self.arrow(f, edge, &most, edge.to)?;
        let then = format!("{label}{comma}then");
        self.arrow(f, edge, &then, bound.otherwise)
    }

    fn arrow(
        &self,
        f: &mut fmt::Formatter<'_>,
        edge: &Edge,
        label: &str,
        to: Target,
    ) -> fmt::Result {
        let from = self.place(edge.from);
        // The line of an error edge is dotted.
        let line = if edge.error.is_some() { "-.->" } else { "-->" };
        let to = match to {
            Target::Place(place) => self.place(place),
            Target::Exit(exit) if self.draws(to) => self.exit(exit),
            Target::Exit(_) => return Ok(()),
        };
        match label {
            "" => self.line(f, format_args!("{from} {line} {to}")),
            label => self.line(f, format_args!("{from} {line}|{}| {to}", text(label))),
        }
    }

    fn line(&self, f: &mut fmt::Formatter<'_>, line: fmt::Arguments<'_>) -> fmt::Result {
        write!(f, "\n{:width$}{line}", "", width = 4 * self.depth)
    }

    /// An implicit end is not drawn, so no arrow leaves the place.
    fn draws(&self, target: Target) -> bool {
        self.graph.edges.iter().any(|edge| {
            edge.written && edge.to == target
                || edge.bound.is_some_and(|bound| bound.otherwise == target)
        })
    }

    fn place(&self, place: usize) -> String {
        identifier(&self.prefix, &self.graph.places[place], place)
    }

    fn exit(&self, exit: usize) -> String {
        format!("{}exit.{exit}", self.prefix)
    }
}

/// The identifier of a place, or of a branch of a fork, with this number. Only a name alone can be an
/// identifier.
fn identifier(prefix: &str, place: &Place, number: usize) -> String {
    let Place { name, node, fork } = place;
    let kind = if !fork.is_empty() {
        "fork"
    } else if node.waits.is_some() {
        "await"
    } else if node.on.is_some() {
        "on"
    } else {
        return named(prefix, name, number);
    };
    format!("{prefix}{kind}.{number}")
}

/// The flow of a place, or the name that its declaration gives the place, and what it runs on.
fn title(place: &Place, on: &OnField) -> String {
    let OnField { field, each, .. } = on;
    // A name has no parentheses.
    let name = match place.name.contains('(') {
        true => place.node.name,
        false => place.name,
    };
    match each.map(|each| each.parallel) {
        None => format!("{name}, on {field}"),
        Some(0 | 1) => format!("{name}, each of {field}"),
        Some(usize::MAX) => format!("{name}, each of {field}, all at the same time"),
        Some(width) => format!("{name}, each of {field}, {width} at a time"),
    }
}

/// The identifier of a place: its name, unless Mermaid would read the name as something else.
fn named(prefix: &str, name: &str, place: usize) -> String {
    // Words of Mermaid's language, and of the objects in which its layout stores places by name.
    const RESERVED: [&str; 25] = [
        "_blank",
        "_parent",
        "_self",
        "_top",
        "call",
        "class",
        "classDef",
        "click",
        "constructor",
        "default",
        "direction",
        "end",
        "flowchart",
        "graph",
        "hasOwnProperty",
        "href",
        "interpolate",
        "isPrototypeOf",
        "linkStyle",
        "propertyIsEnumerable",
        "style",
        "subgraph",
        "toLocaleString",
        "toString",
        "valueOf",
    ];
    // Mermaid accepts some scripts and not others, and some JavaScript property names start like
    // this.
    if !name.is_ascii() || name.starts_with("__") {
        return format!("{prefix}place.{place}");
    }
    // `style_` is marked too, because it is the identifier of `style`.
    let mark = if RESERVED.contains(&name.trim_end_matches('_')) {
        "_"
    } else {
        ""
    };
    format!("{prefix}{name}{mark}")
}

/// A text, quoted where Mermaid, or Markdown inside it, would interpret more than plain text. No
/// character is lost: every character that is not a letter is written as its number.
fn text(text: &str) -> Cow<'_, str> {
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == ' ' || letter == ',';
    let emphasis = |word: &str| word.starts_with('_') || word.ends_with('_');
    let is_plain = !text.starts_with(['-', ' '])
        && !text.is_empty()
        && text
            .chars()
            .all(|letter| is_letter(letter) || letter == '-' || letter == '_')
        && !text
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .any(emphasis);
    if is_plain {
        return Cow::Borrowed(text);
    }
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '\n' => quoted.push_str("<br>"),
            letter if is_letter(letter) => quoted.push(letter),
            letter => quoted.push_str(&format!("#{};", u32::from(letter))),
        }
    }
    quoted.push('"');
    Cow::Owned(quoted)
}

#[cfg(test)]
mod tests;
