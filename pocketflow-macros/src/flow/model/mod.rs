//! From syntax to the graph: places, edges and exits, with the tokens that each came from.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Ident, Path, Visibility};

use super::parse::{self, Chain, Declaration, Link, Stand, Statement, Syntax};
use crate::errors::Errors;
use crate::krate::Krate;
use crate::names::{self, names_deprecated};

/// A flow.
pub(crate) struct Model {
    /// Attributes to carry over; `#[endless]` is not among them.
    pub(crate) attributes: Vec<Attribute>,
    /// Attributes that set the level of a lint: `#[allow(deprecated)]` on the flow silences PF011.
    pub(crate) lints: Vec<Attribute>,
    pub(crate) krate: Krate,
    pub(crate) endless: bool,
    /// Whether there is no machine for it: it stands in itself, or has no node.
    pub(crate) impossible: bool,
    /// Whether it has the name of a node of its own, so that it is not declared.
    pub(crate) is_its_node: bool,
    pub(crate) header: Option<Header>,
    pub(crate) places: Vec<Place>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) spare: Vec<Spare>,
    pub(crate) exits: Vec<Exit>,
    /// Every mention of a place after its first, for the editor.
    pub(crate) mentions: Vec<Mention>,
    /// The nodes that are declared and mentioned by no edge, for the editor.
    pub(crate) idle: Vec<Path>,
}

pub(crate) struct Header {
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) inputs: Vec<Ident>,
    /// The store, where the flow names it.
    pub(crate) store: Option<Path>,
}

/// What stands in the graph: a node or a nested flow, or a fork of nodes.
pub(crate) struct Place {
    /// Its name in the graph; that of a fork is `(facts, figures)`.
    pub(crate) label: String,
    /// Where the graph first mentions it.
    pub(crate) first: Span,
    /// One, unless it is a fork.
    pub(crate) nodes: Vec<Node>,
}

/// A node or a nested flow under a name.
pub(crate) struct Node {
    pub(crate) name: Ident,
    pub(crate) path: Path,
    /// Its name on the token that gives it: that of the declaration, or of the mention.
    pub(crate) given: Ident,
    /// The field of the flow that holds the node, with its documentation.
    pub(crate) field: Option<Vec<Attribute>>,
    /// Whether the flow gave it its name.
    pub(crate) declared: bool,
    /// Whether it is an `await(field)`, and its name that of the field.
    pub(crate) waits: bool,
    /// Its path as text, by which mentions of it are known.
    key: String,
}

impl Place {
    pub(crate) fn is_fork(&self) -> bool {
        self.nodes.len() > 1
    }
}

impl Node {
    pub(crate) fn span(&self) -> Span {
        self.name.span()
    }
}

pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) action: String,
    /// The action, or the node it leaves from where no action is written.
    pub(crate) action_span: Span,
    pub(crate) to: Target,
    pub(crate) to_span: Span,
    pub(crate) bound: Option<Bound>,
    /// Whether no action is written, and it leaves the place where that is first mentioned.
    pub(crate) leaves_first: bool,
    /// Whether it leads to the first mention of its place.
    pub(crate) introduces: bool,
}

/// An edge whose action was wired before: it is no part of the flow, but what it leads to was meant
/// to be reached.
pub(crate) struct Spare {
    pub(crate) from: usize,
    pub(crate) to: Target,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Place(usize),
    Exit(usize),
}

pub(crate) struct Bound {
    pub(crate) max: u32,
    pub(crate) otherwise: Target,
    pub(crate) otherwise_span: Span,
}

pub(crate) struct Exit {
    pub(crate) name: String,
    pub(crate) variant: Ident,
}

pub(crate) struct Mention {
    pub(crate) place: usize,
    /// Which of a fork's nodes it is.
    pub(crate) node: usize,
    pub(crate) path: Path,
}

/// The action of an edge that names none, and the exit of an `end` that names none.
pub(crate) const DEFAULT: &str = "default";

/// The library, by the path that `#[flow(crate = path)]` gives.
pub(crate) fn krate(syntax: &Syntax) -> Krate {
    Krate::take(
        &mut syntax.attributes.clone(),
        "flow",
        &mut Errors::default(),
    )
}

/// Builds the graph of a flow.
pub(crate) fn model(syntax: &Syntax) -> (Model, Errors) {
    let mut builder = Builder {
        alone: HashSet::new(),
        declarations: Vec::new(),
        model: Model {
            attributes: Vec::new(),
            lints: Vec::new(),
            krate: Krate::default(),
            endless: false,
            impossible: false,
            is_its_node: false,
            header: syntax.header.as_ref().map(|header| Header {
                visibility: header.visibility.clone(),
                name: header.name.clone(),
                inputs: header.inputs.clone(),
                store: header.store.clone(),
            }),
            places: Vec::new(),
            edges: Vec::new(),
            spare: Vec::new(),
            exits: Vec::new(),
            mentions: Vec::new(),
            idle: Vec::new(),
        },
        errors: Errors::default(),
    };
    let mut attributes = syntax.attributes.clone();
    builder.model.krate = Krate::take(&mut attributes, "flow", &mut builder.errors);
    for attribute in attributes {
        if attribute.path().is_ident("endless") {
            builder.model.endless = true;
            continue;
        }
        let levels = ["allow", "expect", "warn", "deny", "forbid"];
        let expects = attribute.path().is_ident("expect");
        if levels.iter().any(|level| attribute.path().is_ident(level)) {
            builder.model.lints.push(attribute.clone());
        }
        // What is expected is met once: a deprecated node, or PF011, in the checks.
        if !(expects && names_deprecated(&attribute)) {
            builder.model.attributes.push(attribute);
        }
    }
    builder.declare(&syntax.statements);
    builder.alone(&syntax.statements);
    for statement in &syntax.statements {
        if let Statement::Chain(chain) = statement {
            builder.chain(chain);
        }
    }
    builder.unused();
    builder.names();
    builder.no_recursion();
    builder.ends();
    builder.has_node();
    (builder.model, builder.errors)
}

struct Builder<'a> {
    /// The paths that stand in the flow by themselves, under no other name.
    alone: HashSet<String>,
    declarations: Vec<&'a Declaration>,
    model: Model,
    errors: Errors,
}

impl<'a> Builder<'a> {
    fn declare(&mut self, statements: &'a [Statement]) {
        for statement in statements {
            let Statement::Declaration(declaration) = statement else {
                continue;
            };
            let name = &declaration.name;
            if name == "end" {
                self.errors.at(
                    name,
                    "`end` is where a flow ends: give the node another name",
                );
            } else if self
                .declarations
                .iter()
                .any(|earlier| earlier.name == *name)
            {
                self.errors.at(name, format!("`{name}` is declared twice"));
            } else {
                self.declarations.push(declaration);
            }
        }
    }

    /// Collects the paths that are no declared names.
    fn alone(&mut self, statements: &[Statement]) {
        let chains = statements.iter().filter_map(|statement| match statement {
            Statement::Chain(chain) => Some(chain),
            Statement::Declaration(_) => None,
        });
        let targets = |link: &'_ Link| {
            let bound = link.bound.as_ref().map(|bound| &bound.otherwise);
            [Some(&link.to), bound]
                .into_iter()
                .flatten()
                .filter_map(|target| match target {
                    parse::Target::Stand(stand) => Some(stand.paths().to_vec()),
                    parse::Target::End { .. } => None,
                })
                .flatten()
                .collect::<Vec<_>>()
        };
        let paths = chains.flat_map(|chain| {
            chain
                .start
                .paths()
                .iter()
                .cloned()
                .chain(chain.links.iter().flat_map(targets))
        });
        let named = |path: &Path| {
            self.declarations
                .iter()
                .any(|declared| path.is_ident(&declared.name))
        };
        let alone = paths
            .filter(|path| !named(path))
            .map(|path| path.to_token_stream().to_string())
            .collect();
        self.alone = alone;
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
                action: action
                    .as_ref()
                    .map_or_else(|| DEFAULT.into(), |action| action.value()),
                action_span: action.as_ref().map_or(from_span, |action| action.span()),
                to: target,
                to_span: to.span(),
                bound,
                leaves_first: first && action.is_none(),
                introduces,
            });
            let Target::Place(place) = target else { break };
            from = place;
            from_span = to.span();
            first = introduces;
        }
    }

    fn bound(&mut self, bound: &parse::Bound) -> Option<Bound> {
        let otherwise = self.target(&bound.otherwise);
        let max = match bound.max.base10_parse::<u32>() {
            Ok(0) => {
                self.errors.at(
                    &bound.max,
                    "PF010: an edge with `max 0` is never taken\n\
                     help: leave the edge out, or allow it once: `max 1 else …`\n\
                     note: see `pocketflow::errors::PF010`",
                );
                return None;
            }
            Ok(max) => max,
            // Told by the parser.
            Err(_) => return None,
        };
        Some(Bound {
            max,
            otherwise,
            otherwise_span: bound.otherwise.span(),
        })
    }

    /// Adds an edge, unless its action is wired already.
    fn edge(&mut self, edge: Edge) {
        let twice = self
            .model
            .edges
            .iter()
            .find(|other| other.from == edge.from && other.action == edge.action);
        if let Some(first) = twice {
            let name = &self.model.places[edge.from].label;
            let (action, to) = (&edge.action, self.describe(first.to));
            let what = match action.as_str() {
                DEFAULT => format!("`{name} >> …` is written twice"),
                action => format!("the action \"{action}\" of `{name}` is wired twice"),
            };
            let help = match first.to {
                Target::Place(place) if first.to == edge.to => {
                    format!(
                        "it is the same edge: go on from `{0}`, with `{0} >> …;`",
                        self.model.places[place].label
                    )
                }
                _ => "an action leads to one place: keep one of the two edges".into(),
            };
            let message = format!(
                "PF003: {what}: it already leads to {to}\n\
                 help: {help}\n\
                 note: see `pocketflow::errors::PF003`"
            );
            self.errors.push(syn::Error::new(edge.action_span, message));
            self.model.spare.push(Spare {
                from: edge.from,
                to: edge.to,
            });
            return;
        }
        self.model.edges.push(edge);
    }

    fn describe(&self, target: Target) -> String {
        match target {
            Target::Place(place) => format!("`{}`", self.model.places[place].label),
            Target::Exit(exit) if self.model.exits[exit].name == DEFAULT => "`end`".into(),
            Target::Exit(exit) => format!("`end \"{}\"`", self.model.exits[exit].name),
        }
    }

    fn target(&mut self, target: &parse::Target) -> Target {
        match target {
            parse::Target::Stand(stand) => Target::Place(self.place(stand)),
            parse::Target::End { span, exit } => {
                let name = exit
                    .as_ref()
                    .map_or_else(|| DEFAULT.into(), |exit| exit.value());
                Target::Exit(self.exit(name, exit.as_ref().map_or(*span, |exit| exit.span())))
            }
        }
    }

    fn exit(&mut self, name: String, span: Span) -> usize {
        if let Some(exit) = self.model.exits.iter().position(|exit| exit.name == name) {
            return exit;
        }
        let mut variant = names::pascal(&name);
        if !names::is_identifier(&variant) {
            let message = format!(
                "an exit becomes the variant of an enum, and \"{name}\" cannot be the name of one"
            );
            self.errors.push(syn::Error::new(span, message));
            variant = format!("Exit{}", self.model.exits.len());
        } else if let Some(other) = self.model.exits.iter().find(|exit| exit.variant == variant) {
            let message = format!(
                "the exits \"{}\" and \"{name}\" would both be the variant `{variant}`",
                other.name
            );
            self.errors.push(syn::Error::new(span, message));
            variant = format!("Exit{}", self.model.exits.len());
        }
        self.model.exits.push(Exit {
            name,
            variant: Ident::new(&variant, span),
        });
        self.model.exits.len() - 1
    }

    /// The place of a node or of a fork: the one that was mentioned before, or a new one.
    fn place(&mut self, stand: &Stand) -> usize {
        let paths = stand.paths();
        let nodes: Vec<_> = match stand {
            Stand::Await(field) => vec![waits_for(field)],
            _ => paths.iter().map(|path| self.node(path)).collect(),
        };
        let known = self.model.places.iter().position(|place| {
            let same = |(a, b): (&Node, &Node)| a.key == b.key && a.declared == b.declared;
            place.nodes.len() == nodes.len() && place.nodes.iter().zip(&nodes).all(same)
        });
        if let Some(place) = known {
            let mentions = paths.iter().cloned().enumerate();
            self.model
                .mentions
                .extend(mentions.map(|(node, path)| Mention { place, node, path }));
            return place;
        }
        for (index, node) in nodes.iter().enumerate() {
            if nodes[..index].iter().any(|other| other.name == node.name) {
                let message = format!(
                    "`{0}` is in this fork twice\nhelp: declare it under a second name: `other_{0}: {0};`",
                    node.name
                );
                self.errors.push(syn::Error::new(node.span(), message));
            }
        }
        let names: Vec<_> = nodes
            .iter()
            .map(|node| node.name.unraw().to_string())
            .collect();
        let label = match stand {
            Stand::Fork(_) => format!("({})", names.join(", ")),
            Stand::Await(_) => format!("await({})", names.concat()),
            Stand::Node(_) => names.concat(),
        };
        self.model.places.push(Place {
            label,
            first: stand.span(),
            nodes,
        });
        self.model.places.len() - 1
    }

    /// A flow that stands in itself would be of infinite size.
    fn no_recursion(&mut self) {
        let Some(header) = &self.model.header else {
            return;
        };
        let text = header.name.unraw().to_string();
        let is_function = text.starts_with(char::is_lowercase);
        if is_function
            && self
                .model
                .nodes()
                .any(|node| node.path.is_ident(&header.name))
        {
            let message = format!(
                "the flow has the name of its node `{text}`\nhelp: give it another name, such as `{}`",
                names::pascal(&text)
            );
            self.errors.at(&header.name, message);
            self.model.is_its_node = true;
            return;
        }
        let own = self
            .model
            .nodes()
            .filter(|node| node.path.is_ident(&header.name))
            .map(Node::span);
        for span in own.collect::<Vec<_>>() {
            let message = format!(
                "`{}` cannot contain itself\nhelp: to repeat its nodes, lead an edge back to one of them",
                header.name
            );
            self.errors.push(syn::Error::new(span, message));
            self.model.impossible = true;
        }
    }

    /// The node that a path means: a declared one, or the node itself. Its name is on the token of
    /// the mention.
    fn node(&self, path: &Path) -> Node {
        let declared = path
            .get_ident()
            .and_then(|name| self.declarations.iter().find(|d| d.name == *name));
        let key = path.to_token_stream().to_string();
        match declared {
            Some(declaration) => Node {
                name: last(path),
                given: declaration.name.clone(),
                path: declaration.path.clone(),
                field: self
                    .is_configured(declaration)
                    .then(|| declaration.attributes.clone()),
                declared: true,
                waits: false,
                key,
            },
            None => {
                let (name, path) = (last(path), path.clone());
                Node {
                    given: name.clone(),
                    name,
                    path,
                    field: None,
                    declared: false,
                    waits: false,
                    key,
                }
            }
        }
    }

    /// Whether a declared node is a field of the flow, since it may hold configuration. A
    /// declaration that begins with `pub` says so. Another says it by what Rust's names say: a
    /// type's begins with a capital, and that of a function, which holds nothing, with a small
    /// letter. Where a script has no such letters, what stands in the flow by itself holds nothing.
    fn is_configured(&self, declaration: &Declaration) -> bool {
        let name = last(&declaration.path).unraw().to_string();
        let first = name.trim_start_matches('_').chars().next().unwrap_or('_');
        let has_case = first.is_lowercase() || first.is_uppercase();
        declaration.is_field
            || first.is_uppercase()
            || !has_case
                && !self
                    .alone
                    .contains(&declaration.path.to_token_stream().to_string())
    }

    /// Declared, and mentioned by no edge.
    fn unused(&mut self) {
        for declaration in &self.declarations {
            if !self.model.nodes().any(|node| node.name == declaration.name) {
                let name = &declaration.name;
                let help = if self.model.places.is_empty() {
                    format!("a declaration alone is not a step: write `{name};` after it")
                } else {
                    format!("remove the declaration, or wire it: `… >> {name};`")
                };
                let message = format!(
                    "PF004: no edge leads to `{name}`\n\
                     help: {help}\n\
                     note: see `pocketflow::errors::PF004`"
                );
                self.errors.at(name, message);
                self.model.idle.push(declaration.path.clone());
            }
        }
    }

    /// Two places of one name cannot be told apart, neither in a message nor by a run that resumes.
    fn names(&mut self) {
        for (index, place) in self.model.places.iter().enumerate() {
            if self.model.places[..index]
                .iter()
                .any(|other| other.label == place.label)
            {
                let label = &place.label;
                let path = place.nodes[0]
                    .path
                    .to_token_stream()
                    .to_string()
                    .replace(' ', "");
                let message = format!(
                    "two nodes of this flow are called `{label}`\n\
                     help: declare this one under another name: `other_{label}: {path};`"
                );
                self.errors.push(syn::Error::new(place.first, message));
            }
        }
    }

    /// It is the nodes that say which store a flow is about.
    fn has_node(&mut self) {
        if !self.model.places.is_empty() && self.model.nodes().all(|node| node.waits) {
            let span = self.model.places[0].first;
            self.errors.push(syn::Error::new(
                span,
                "a flow that only waits does nothing: name a node before the `await` or after it",
            ));
            self.model.impossible = true;
        }
    }

    /// A place that no edge leaves ends the flow.
    fn ends(&mut self) {
        for from in 0..self.model.places.len() {
            if self.model.is_last(from) && !self.model.exits.iter().any(|exit| exit.name == DEFAULT)
            {
                self.exit(DEFAULT.into(), Span::call_site());
            }
        }
    }
}

impl Model {
    /// The nodes of all places.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.places.iter().flat_map(|place| &place.nodes)
    }

    /// Whether no edge leaves a place, so that the flow ends there.
    pub(crate) fn is_last(&self, place: usize) -> bool {
        !self.edges.iter().any(|edge| edge.from == place)
    }

    /// Whether the flow itself is `#[deprecated]`.
    pub(crate) fn is_deprecated(&self) -> bool {
        self.attributes
            .iter()
            .any(|attribute| attribute.path().is_ident("deprecated"))
    }

    /// From where to where an edge leads, those of a bound and those that were spare included.
    pub(crate) fn connections(&self) -> impl Iterator<Item = (usize, Target)> + '_ {
        let edges = self.edges.iter().flat_map(|edge| {
            let otherwise = edge
                .bound
                .as_ref()
                .map(|bound| (edge.from, bound.otherwise));
            [Some((edge.from, edge.to)), otherwise]
        });
        edges
            .flatten()
            .chain(self.spare.iter().map(|spare| (spare.from, spare.to)))
    }
}

/// An `await(field)`. Its type is declared where the flow is expanded.
fn waits_for(field: &Ident) -> Node {
    let (name, path) = (field.clone(), Path::from(field.clone()));
    let given = name.clone();
    Node {
        name,
        given,
        path,
        field: None,
        declared: false,
        waits: true,
        key: format!("await({field})"),
    }
}

fn last(path: &Path) -> Ident {
    path.segments.last().map_or_else(
        || Ident::new("node", path.span()),
        |segment| segment.ident.clone(),
    )
}
