//! From syntax to the graph.
//!
//! This module rejects nothing. If two declarations or edges contradict each other, the first
//! becomes part of the graph, and the checks report the second.

use std::collections::HashSet;

use proc_macro2::{Literal, Span};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Ident, Path};

use super::{
    Bound, DEFAULT, DuplicateEdge, ERROR, Edge, ErrorEdge, Exit, Header, Mention, Model, Node,
    OptionsAgain, Place,
};
use super::{Target, Unused};
use crate::flow::parse::{
    self, Await, Chain, Declaration, Endpoint, Link, Max, OnField, Pause, Statement, Syntax,
};
use crate::krate::Krate;
use crate::names::{self, names_deprecated};

/// Builds the graph of a flow.
pub(crate) fn model(syntax: &Syntax, krate: Krate) -> Model {
    let declarations = declarations(&syntax.statements);
    let mut builder = Builder {
        alone: alone(&syntax.statements, &declarations),
        declarations,
        model: Model {
            attributes: Vec::new(),
            lints: Vec::new(),
            krate,
            endless: false,
            header: syntax.header.as_ref().map(|header| Header {
                visibility: header.visibility.clone(),
                name: header.name.clone(),
                inputs: header.inputs.clone(),
                store: header.store.clone(),
            }),
            places: Vec::new(),
            edges: Vec::new(),
            duplicates: Vec::new(),
            exits: Vec::new(),
            mentions: Vec::new(),
            unused: Vec::new(),
            again: Vec::new(),
            on_twice: Vec::new(),
        },
    };
    builder.attributes(&syntax.attributes);
    for statement in &syntax.statements {
        if let Statement::Chain(chain) = statement {
            builder.chain(chain);
        }
    }
    builder.unused();
    builder.on_twice(&syntax.statements);
    builder.ends();
    builder.model
}

/// The declarations by name. If a name is declared twice, the first one counts.
fn declarations(statements: &[Statement]) -> Vec<&Declaration> {
    let mut declarations: Vec<&Declaration> = Vec::new();
    for statement in statements {
        let Statement::Declaration(declaration) = statement else {
            continue;
        };
        let is_same = |earlier: &&Declaration| earlier.name == declaration.name;
        if declaration.name != "end" && !declarations.iter().any(is_same) {
            declarations.push(declaration);
        }
    }
    declarations
}

/// The paths in the graph that are not declared names, as text.
fn alone(statements: &[Statement], declarations: &[&Declaration]) -> HashSet<String> {
    let named = |path: &&Path| {
        declarations
            .iter()
            .any(|declared| path.is_ident(&declared.name))
    };
    statements
        .iter()
        .filter_map(|statement| match statement {
            Statement::Chain(chain) => Some(chain),
            Statement::Declaration(_) => None,
        })
        .flat_map(endpoints)
        .flat_map(Endpoint::nodes)
        .map(|node| &node.path)
        .filter(|path| !named(path))
        .map(|path| path.to_token_stream().to_string())
        .collect()
}

/// Everything that a chain connects.
fn endpoints(chain: &Chain) -> impl Iterator<Item = &Endpoint> {
    let targets = chain.links.iter().flat_map(|link| {
        let otherwise = link.bound.as_ref().map(|bound| &bound.otherwise);
        [Some(&link.to), otherwise].into_iter().flatten()
    });
    let endpoints = targets.filter_map(|target| match target {
        parse::Target::Endpoint(endpoint) => Some(endpoint),
        parse::Target::End { .. } => None,
    });
    std::iter::once(&chain.start).chain(endpoints)
}

struct Builder<'a> {
    /// The paths in the graph that are not declared names.
    alone: HashSet<String>,
    declarations: Vec<&'a Declaration>,
    model: Model,
}

impl Builder<'_> {
    fn attributes(&mut self, attributes: &[Attribute]) {
        for attribute in attributes {
            if attribute.path().is_ident("endless") {
                self.model.endless = true;
                continue;
            }
            let levels = ["allow", "expect", "warn", "deny", "forbid"];
            let expects = attribute.path().is_ident("expect");
            if levels.iter().any(|level| attribute.path().is_ident(level)) {
                self.model.lints.push(attribute.clone());
            }
            // The checks use deprecated items, which fulfils an `expect(deprecated)`.
            if !(expects && names_deprecated(attribute)) {
                self.model.attributes.push(attribute.clone());
            }
        }
    }

    fn chain(&mut self, chain: &Chain) {
        let mut known = self.model.places.len();
        let mut from = self.place(&chain.start);
        let mut from_span = chain.start.span();
        let mut first = self.model.places.len() > known;
        for Link { action, to, bound } in &chain.links {
            known = self.model.places.len();
            let target = self.target(to);
            let introduces = self.model.places.len() > known;
            let bound = bound.as_ref().and_then(|bound| self.bound(bound));
            self.edge(Edge {
                from,
                action: match action {
                    Some(parse::Action::Named(name)) => name.value(),
                    Some(parse::Action::Error { .. }) => ERROR.into(),
                    None => DEFAULT.into(),
                },
                action_span: action.as_ref().map_or(from_span, |action| action.span()),
                to: target,
                to_span: to.span(),
                bound,
                error: match action {
                    Some(parse::Action::Error { field, .. }) => Some(ErrorEdge {
                        field: field.clone(),
                    }),
                    _ => None,
                },
                leaves_first: first && action.is_none(),
                introduces,
            });
            let Target::Place(place) = target else { break };
            from = place;
            from_span = to.span();
            first = introduces;
        }
    }

    /// `None` if the bound is not a valid number. The checks report that.
    fn bound(&mut self, bound: &parse::Bound) -> Option<Bound> {
        let otherwise = self.target(&bound.otherwise);
        let (max, constant) = match &bound.max {
            Max::Literal(literal) => {
                let max = literal.base10_parse().ok().filter(|max| *max > 0)?;
                (Literal::u32_unsuffixed(max).to_token_stream(), None)
            }
            Max::Constant(path) => (path.to_token_stream(), Some(path.span())),
        };
        Some(Bound {
            max,
            constant,
            otherwise,
            otherwise_span: bound.otherwise.span(),
        })
    }

    /// Adds an edge, unless its action has an edge already.
    fn edge(&mut self, edge: Edge) {
        let is_same = |other: &Edge| {
            other.from == edge.from
                && other.action == edge.action
                && other.error.is_some() == edge.error.is_some()
        };
        match self.model.edges.iter().position(is_same) {
            Some(first) => self.model.duplicates.push(DuplicateEdge {
                from: edge.from,
                action_span: edge.action_span,
                to: edge.to,
                first,
            }),
            None => self.model.edges.push(edge),
        }
    }

    fn target(&mut self, target: &parse::Target) -> Target {
        match target {
            parse::Target::Endpoint(endpoint) => Target::Place(self.place(endpoint)),
            parse::Target::End { span, exit } => {
                let name = exit
                    .as_ref()
                    .map_or_else(|| DEFAULT.into(), |exit| exit.value());
                Target::Exit(self.exit(name, exit.as_ref().map_or(*span, |exit| exit.span())))
            }
        }
    }

    fn exit(&mut self, name: String, span: Span) -> usize {
        let exits = &mut self.model.exits;
        if let Some(exit) = exits.iter().position(|exit| exit.name == name) {
            return exit;
        }
        let mut variant = names::pascal(&name);
        if !names::is_identifier(&variant) || exits.iter().any(|exit| exit.variant == variant) {
            variant = format!("Exit{}", exits.len());
        }
        exits.push(Exit {
            name,
            variant: Ident::new(&variant, span),
        });
        exits.len() - 1
    }

    /// The place of an endpoint: the place of its first mention, or a new one.
    fn place(&mut self, endpoint: &Endpoint) -> usize {
        let written = endpoint.nodes();
        let nodes: Vec<_> = match endpoint {
            Endpoint::Await(awaited) => vec![waits_for(awaited)],
            _ => written.iter().map(|node| self.node(node)).collect(),
        };
        let known = self.model.places.iter().position(|place| {
            let same = |(a, b): (&Node, &Node)| a.key == b.key && a.declared == b.declared;
            place.nodes.len() == nodes.len() && place.nodes.iter().zip(&nodes).all(same)
        });
        if let Some(place) = known {
            let mentions = written.iter().map(|node| node.path.clone()).enumerate();
            self.model
                .mentions
                .extend(mentions.map(|(node, path)| Mention { place, node, path }));
            if let Endpoint::Await(awaited) = endpoint {
                self.within(place, awaited);
            }
            for (index, (node, written)) in nodes.into_iter().zip(written).enumerate() {
                if let Some(on) = &written.on {
                    self.options(place, index, node.label, on);
                }
            }
            return place;
        }
        let labels: Vec<_> = nodes.iter().map(|node| &*node.label).collect();
        let label = match endpoint {
            Endpoint::Fork(_) => format!("({})", labels.join(", ")),
            Endpoint::Await(_) | Endpoint::Node(_) => labels.concat(),
        };
        self.model.places.push(Place {
            label,
            first: endpoint.span(),
            nodes,
        });
        self.model.places.len() - 1
    }

    /// The node that a path refers to: a declared one, or the node itself. Its name has the span of
    /// the mention.
    fn node(&self, written: &parse::Node) -> Node {
        let path = &written.path;
        let name = last(path);
        let declared = path
            .get_ident()
            .and_then(|name| self.declarations.iter().find(|d| d.name == *name));
        let field = declared
            .filter(|declaration| self.is_configured(declaration))
            .map(|declaration| declaration.attributes.clone());
        // A declared flow may run on several fields: `search: Search; search.on(facts);`.
        let on = declared
            .and_then(|declaration| declaration.node.on.as_ref())
            .or(written.on.as_ref());
        let text = name.unraw().to_string();
        Node {
            label: match &written.on {
                Some(on) => on_label(&text, on),
                None => text,
            },
            on: on.cloned(),
            given: declared
                .map_or(&name, |declaration| &declaration.name)
                .clone(),
            path: declared
                .map_or(path, |declaration| &declaration.node.path)
                .clone(),
            name,
            field,
            declared: declared.is_some(),
            pause: declared.and_then(|declaration| declaration.pause.clone()),
            key: match &written.on {
                Some(on) => on_label(&path.to_token_stream().to_string(), on),
                None => path.to_token_stream().to_string(),
            },
        }
    }

    /// Keeps the options at a mention of a flow on a field after the first, unless it has some.
    fn options(&mut self, place: usize, node: usize, label: String, again: &OnField) {
        let Some(known) = &mut self.model.places[place].nodes[node].on else {
            return;
        };
        match (known.options.span, again.options.span) {
            (_, None) => {}
            (None, Some(_)) => known.options = again.options.clone(),
            (Some(_), Some(span)) => self.model.again.push(OptionsAgain { label, span }),
        }
    }

    /// Keeps the deadline at a mention of an `await` after the first, unless it has one.
    fn within(&mut self, place: usize, again: &Await) {
        let node = &mut self.model.places[place].nodes[0];
        let (Some(Pause::Await(known)), Some(within)) = (&mut node.pause, &again.within) else {
            return;
        };
        if known.within.is_none() {
            known.within = Some(within.clone());
        } else {
            self.model.again.push(OptionsAgain {
                label: node.label.clone(),
                span: within.span,
            });
        }
    }

    /// Whether a declared node is a field of the flow, because it may hold configuration. A
    /// declaration that begins with `pub` is a field. Otherwise, the case of the name decides: a
    /// type begins with a capital letter, and a function, which holds nothing, with a small letter.
    /// In a script without case, a path that the graph also names directly holds nothing.
    fn is_configured(&self, declaration: &Declaration) -> bool {
        if declaration.pause.is_some() {
            return false;
        }
        let path = &declaration.node.path;
        let name = last(path).unraw().to_string();
        let first = name.trim_start_matches('_').chars().next().unwrap_or('_');
        let has_case = first.is_lowercase() || first.is_uppercase();
        declaration.is_field
            || first.is_uppercase()
            || !has_case && !self.alone.contains(&path.to_token_stream().to_string())
    }

    fn unused(&mut self) {
        for declaration in &self.declarations {
            if !self.model.nodes().any(|node| node.name == declaration.name) {
                self.model.unused.push(Unused {
                    name: declaration.name.clone(),
                    path: match &declaration.pause {
                        Some(_) => None,
                        None => Some(declaration.node.path.clone()),
                    },
                });
            }
        }
    }

    /// Finds the mentions `again.on(figures)` of a name that is declared as a flow on a field.
    fn on_twice(&mut self, statements: &[Statement]) {
        let chains = statements.iter().filter_map(|statement| match statement {
            Statement::Chain(chain) => Some(chain),
            Statement::Declaration(_) => None,
        });
        let nodes = chains.flat_map(endpoints).flat_map(Endpoint::nodes);
        for node in nodes.filter(|node| node.on.is_some()) {
            let name = node.path.get_ident();
            let is_on = |declared: &&Declaration| {
                declared.node.on.is_some() && name.is_some_and(|name| *name == declared.name)
            };
            if self.declarations.iter().any(is_on) {
                self.model.on_twice.extend(name.cloned());
            }
        }
    }

    /// Adds the exit of the places without an outgoing edge.
    fn ends(&mut self) {
        let is_default = |exit: &Exit| exit.name == DEFAULT;
        let mut places = 0..self.model.places.len();
        if places.any(|place| self.model.is_last(place)) && !self.model.exits.iter().any(is_default)
        {
            self.exit(DEFAULT.into(), Span::call_site());
        }
    }
}

/// An `await(field)`. The expansion of the flow declares its type.
fn waits_for(awaited: &Await) -> Node {
    let field = &awaited.field;
    Node {
        label: format!("await({})", field.unraw()),
        on: None,
        name: field.clone(),
        given: field.clone(),
        path: Path::from(field.clone()),
        field: None,
        declared: false,
        pause: Some(Pause::Await(awaited.clone())),
        key: format!("await({field})"),
    }
}

/// The name of a flow on a field: `Investigate.on(facts)`.
fn on_label(flow: &str, on: &OnField) -> String {
    let field = on.field.as_ref();
    let field = field.map_or_else(String::new, |field| field.unraw().to_string());
    let method = if on.each { "each" } else { "on" };
    format!("{flow}.{method}({field})")
}

fn last(path: &Path) -> Ident {
    path.segments.last().map_or_else(
        || Ident::new("node", path.span()),
        |segment| segment.ident.clone(),
    )
}
