//! From the graph to the state machine.

mod checks;
mod declare;
mod editor;
mod graph;
mod machine;
mod on_field;
mod pause;
mod placeholder;
mod run;
mod walk;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Ident, Path, Visibility};

use super::model::{Mention, Model, Node, Place};
use crate::editor::written;
use crate::krate::Krate;
use crate::refusal::Errors;

/// Writes the flow. If it has an error, it still becomes a type with a `run` method, so that one
/// mistake makes one message.
pub(crate) fn expand(
    model: &Model,
    errors: &Errors,
    complete: bool,
    input: &TokenStream,
) -> TokenStream {
    if model.hides_node() {
        return errors.to_compile_errors();
    }
    let name = model
        .header
        .as_ref()
        .map_or_else(|| format_ident!("__Flow"), |header| header.name.clone());
    let flow = Flow {
        model,
        pf: &model.krate,
        // The name of the flow with a span of the macro, so that lints do not report what the user
        // did not write.
        exit: format_ident!(
            "{name}Exit",
            span = name.span().resolved_at(Span::call_site())
        ),
        this: if model.is_deprecated() {
            format_ident!("__This")
        } else {
            name.clone()
        },
        name,
        sound: complete
            && !model.places.is_empty()
            && !model.contains_itself()
            && !model.only_waits()
            && (model.names_store() || model.on_fields().next().is_none())
            && !model.places.iter().any(Place::is_fork_with_pause)
            && !model.places.iter().any(Place::is_mixed_fork),
        ends: errors.is_empty() && !model.endless,
    };
    let (exits, errors, alias) = (flow.exits(), errors.to_compile_errors(), flow.pf.alias());
    let compiled = || {
        let (declaration, inside) = (flow.declaration(flow.name.span()), flow.inside());
        let lints = &model.lints;
        quote! {
            #errors
            #declaration
            #exits
            #(#lints)*
            const _: () = { #alias #inside };
        }
    };
    let shown = || {
        let fields: Vec<_> = flow.fields().into_iter().map(|node| &node.name).collect();
        let names = editor::names(flow.pf, &flow.name, &fields, input);
        let (declaration, outside) = (flow.declaration(Span::call_site()), flow.outside());
        quote!(#names #errors #declaration #exits const _: () = { #alias #outside };)
    };
    let items = written(shown, compiled);
    if model.header.is_some() {
        return items;
    }
    let value = flow.value();
    quote!({ #items #value })
}

struct Flow<'a> {
    model: &'a Model,
    /// The library.
    pf: &'a Krate,
    name: Ident,
    /// How the generated code names the flow.
    this: Ident,
    exit: Ident,
    /// Whether the whole graph is known, so that it can be run and checked.
    sound: bool,
    /// Whether every path ends at an exit.
    ends: bool,
}

impl Flow<'_> {
    fn visibility(&self) -> Visibility {
        self.model
            .header
            .as_ref()
            .map_or(Visibility::Inherited, |header| header.visibility.clone())
    }

    /// The nodes that are fields of the flow.
    fn fields(&self) -> Vec<&Node> {
        let mut fields: Vec<&Node> = Vec::new();
        for node in self.model.nodes().filter(|node| node.field.is_some()) {
            if !fields.iter().any(|other| other.name == node.name) {
                fields.push(node);
            }
        }
        fields
    }

    /// The bound that the checks have passed, for a flow whose fields are nodes. If such a node is
    /// not `Send` or not `Sync`, only the node reports it, and not the flow.
    fn holds(&self) -> Option<TokenStream> {
        let holds = self.sound && !self.fields().is_empty();
        holds.then(|| quote!(__Stores: __p::Soundness,))
    }

    fn inside(&self) -> TokenStream {
        let places = self.model.places.iter().enumerate();
        let aliases = places.flat_map(|(place, stands)| {
            stands.nodes.iter().enumerate().map(move |(index, node)| {
                let (alias, path) = (alias(place, index, Span::call_site()), &node.path);
                match &node.pause {
                    Some(pause) => self.pause(&alias, node, pause),
                    None => quote!(type #alias = #path;),
                }
            })
        });
        let mentions = self.mentions();
        let body = if self.sound {
            self.machine()
        } else {
            self.dummy()
        };
        let (runners, named) = (
            self.runners(self.name.span(), self.sound),
            self.named_fields(),
        );
        let (name, this) = (&self.name, &self.this);
        let this = (name != this).then(|| quote!(#[allow(deprecated)] type #this = #name;));
        quote!(#this #(#aliases)* #mentions #named #body #runners)
    }

    /// Every mention of a node after its first, for hovering and renaming.
    fn mentions(&self) -> TokenStream {
        let node = |mention: &Mention| &self.model.places[mention.place].nodes[mention.node];
        let mentions = || {
            self.model
                .mentions
                .iter()
                .map(|mention| (node(mention), &mention.path))
        };
        let nodes = mentions()
            .filter(|(node, _)| !node.declared)
            .map(|(_, path)| path)
            .chain(
                self.model
                    .unused
                    .iter()
                    .filter_map(|unused| unused.path.as_ref()),
            );
        let fields = mentions().filter(|(node, _)| node.field.is_some());
        let fields: Vec<_> = fields.map(|(_, path)| path).collect();
        let fields = (!fields.is_empty()).then(|| {
            let this = &self.this;
            quote! {
                fn __fields(__flow: &#this) { #(let _ = &__flow.#fields;)* }
            }
        });
        quote!(type __Mentions = (#(*const #nodes,)*); #fields)
    }

    /// The store, if the flow names it.
    fn store(&self) -> Option<&Path> {
        self.model
            .header
            .as_ref()
            .and_then(|header| header.store.as_ref())
    }

    /// The fields that the flow names, as fields of its store.
    fn named_fields(&self) -> Option<TokenStream> {
        let store = self.store()?;
        let inputs = self.model.header.iter().flat_map(|header| &header.inputs);
        let waits = self.model.nodes().filter_map(Node::waits_for);
        let errors = self.model.edges.iter().flat_map(|edge| &edge.error);
        let errors = errors.flat_map(|error| &error.field);
        let fields: Vec<_> = inputs.chain(waits).chain(errors).collect();
        (!fields.is_empty())
            .then(|| quote!(fn __fields_of(__shared: &#store) { #(let _ = &__shared.#fields;)* }))
    }
}

/// The type of a node of a place. It has the span of the user's token, so that rustc reports errors
/// in the type there.
fn alias(place: usize, node: usize, span: Span) -> Ident {
    format_ident!("__Node{place}_{node}", span = span)
}
