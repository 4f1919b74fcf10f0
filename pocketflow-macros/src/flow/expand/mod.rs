//! From the graph to the state machine.

mod editor;
mod graph;
mod walk;

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Ident, Path, Visibility};

use self::graph::action_check;
use super::model::{DEFAULT, Mention, Model, Node};
use crate::editor::{unmentioned, written};
use crate::krate::Krate;
use crate::refusal::Errors;

/// Writes the flow. With an error, the flow is still a type that can be run, so that one mistake
/// stays one message.
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
        // Where the flow is named, as what the macro writes: then no lint speaks of what the user
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
            && !model.only_waits(),
        ends: errors.is_empty() && !model.endless,
    };
    let (declaration, exits) = (flow.declaration(flow.name.span()), flow.exits());
    let (inside, alias) = (flow.inside(), flow.pf.alias());
    let errors = errors.to_compile_errors();
    let lints = &model.lints;
    let compiled = quote! {
        #errors
        #declaration
        #exits
        #(#lints)*
        const _: () = { #alias #inside };
    };
    let fields: Vec<_> = flow.fields().into_iter().map(|node| &node.name).collect();
    let (names, outside) = (
        editor::names(flow.pf, &flow.name, &fields, input),
        flow.outside(),
    );
    let declaration = flow.declaration(Span::call_site());
    let shown = quote!(#names #errors #declaration #exits const _: () = { #alias #outside };);
    let items = written(flow.pf, &shown, &compiled);
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
    /// By what the generated code names the flow.
    this: Ident,
    exit: Ident,
    /// Whether the whole graph is known, so that it can be run and checked.
    sound: bool,
    /// Whether every path comes to an exit.
    ends: bool,
}

impl Flow<'_> {
    fn visibility(&self) -> Visibility {
        self.model
            .header
            .as_ref()
            .map_or(Visibility::Inherited, |header| header.visibility.clone())
    }

    /// The nodes that the flow holds.
    fn fields(&self) -> Vec<&Node> {
        let mut fields: Vec<&Node> = Vec::new();
        for node in self.model.nodes().filter(|node| node.field.is_some()) {
            if !fields.iter().any(|other| other.name == node.name) {
                fields.push(node);
            }
        }
        fields
    }

    /// The bound that the checks have passed, of a flow that holds nodes: one that cannot go from
    /// thread to thread is said at that node, and the flow has nothing to add.
    fn holds(&self) -> Option<TokenStream> {
        let holds = self.sound && !self.fields().is_empty();
        holds.then(|| quote!(__Stores: __p::Soundness,))
    }

    /// The type. Where all of it stands at its name, rustc reports a flow that is never used, as it
    /// does a function.
    fn declaration(&self, span: Span) -> TokenStream {
        let (pf, name, attributes, visibility) = (
            self.pf,
            &self.name,
            &self.model.attributes,
            self.visibility(),
        );
        let fields = self.fields();
        if fields.is_empty() {
            let item = quote_spanned!(span=> struct #name;);
            return quote! {
                #(#attributes)*
                #[derive(
                    #pf::__private::Clone, #pf::__private::Copy, ::core::fmt::Debug, ::core::default::Default
                )]
                #visibility #item
            };
        }
        let fields = fields.into_iter().map(
            |Node {
                 given: name,
                 path,
                 field,
                 ..
             }| {
                let field = field.as_deref().unwrap_or_default();
                let doc = field.is_empty().then(|| {
                    let doc = format!("The node `{name}`.");
                    quote!(#[doc = #doc])
                });
                quote!(#(#field)* #doc pub #name: #path)
            },
        );
        let item = quote_spanned!(span=> struct #name { #(#fields),* });
        quote! {
            #(#attributes)*
            #visibility #item
        }
    }

    fn exits(&self) -> TokenStream {
        let (pf, exit, visibility) = (self.pf, &self.exit, self.visibility());
        let doc = format!("Where [`{}`] can end.", self.name);
        let variants = self.model.exits.iter().map(|exit| {
            let variant = Ident::new(&exit.variant.to_string(), Span::call_site());
            let doc = if exit.name == DEFAULT {
                "At its end.".into()
            } else {
                format!("At `end \"{}\"`.", exit.name)
            };
            quote!(#[doc = #doc] #variant)
        });
        quote! {
            #[doc = #doc]
            #[derive(
                #pf::__private::Clone, #pf::__private::Copy, ::core::fmt::Debug, ::core::cmp::PartialEq,
                ::core::cmp::Eq, ::core::hash::Hash
            )]
            #visibility enum #exit { #(#variants),* }
        }
    }

    /// The value of a flow that is an expression. A declared node is the local variable of its
    /// name.
    fn value(&self) -> TokenStream {
        let name = &self.name;
        let fields: Vec<_> = self.fields().into_iter().map(|node| &node.given).collect();
        if fields.is_empty() {
            quote!(#name)
        } else {
            quote!(#name { #(#fields),* })
        }
    }

    fn inside(&self) -> TokenStream {
        let places = self.model.places.iter().enumerate();
        let aliases = places.flat_map(|(place, stands)| {
            stands.nodes.iter().enumerate().map(move |(index, node)| {
                let (alias, path) = (alias(place, index, Span::call_site()), &node.path);
                if node.waits {
                    self.awaits(&alias, node)
                } else {
                    quote!(type #alias = #path;)
                }
            })
        });
        let mentions = self.mentions();
        let body = if self.sound {
            self.machine()
        } else {
            self.dummy()
        };
        let (runners, named) = (self.runners(self.name.span()), self.named_fields());
        let (name, this) = (&self.name, &self.this);
        let this = (name != this).then(|| quote!(#[allow(deprecated)] type #this = #name;));
        quote!(#this #(#aliases)* #mentions #named #body #runners)
    }

    /// The type of an `await(field)`.
    fn awaits(&self, alias: &Ident, node: &Node) -> TokenStream {
        let mut places = self.model.places.iter().enumerate();
        let store = match places.find(|(_, place)| !place.nodes[0].waits) {
            Some((place, stands)) => {
                let first = self::alias(place, 0, stands.nodes[0].span());
                quote!(<#first as __p::Stands>::INFO.store)
            }
            None => quote!(__p::Description::UNKNOWN.store),
        };
        let field = node.name.unraw().to_string();
        let name = format!("await({field})");
        quote! {
            struct #alias {}

            const _: () = {
                #[automatically_derived]
                impl __p::Describe for #alias {
                    const NODE: __p::Description =
                        __p::Description::awaits(#name, #store, &[#field]);
                    type Reads<'a> = ();
                }

                #[automatically_derived]
                impl<__S, __K: __p::StepKind> __p::FlowStep<__S, __K> for #alias
                where
                    __p::AwaitRunner: __p::Runner<__S, __K, #alias>,
                {
                    fn runner() -> impl __p::Runner<__S, __K, Self> {
                        __p::AwaitRunner(#field)
                    }
                }
            };
        }
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
            .chain(self.model.unused.iter().map(|unused| &unused.path));
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

    /// The store, where the flow names it.
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
        let waits = self
            .model
            .nodes()
            .filter(|node| node.waits)
            .map(|node| &node.name);
        let fields: Vec<_> = inputs.chain(waits).collect();
        (!fields.is_empty())
            .then(|| quote!(fn __fields_of(__shared: &#store) { #(let _ = &__shared.#fields;)* }))
    }

    /// The parameters of `run`, the type of its store, and what it asks for.
    fn run_on(&self) -> (Option<TokenStream>, TokenStream, Option<TokenStream>) {
        let pf = self.pf;
        match self.store() {
            Some(store) => (None, quote!(#store), None),
            None => (
                Some(quote!(<__S>)),
                quote!(__S),
                Some(quote!(where Self: __p::Walk<__S, #pf::Direct>,)),
            ),
        }
    }

    /// What every flow has, whether it can be run or not.
    fn runners(&self, span: Span) -> TokenStream {
        let (pf, this, exit) = (self.pf, &self.this, &self.exit);
        let (generics, store, bounds) = self.run_on();
        let max_steps = quote_spanned!(span=> (&__GRAPH).max_steps());
        // rustc shows where `run` is declared: at the flow's name, as words of the macro's.
        let declared = span.resolved_at(Span::call_site());
        let (run, shared) = (
            Ident::new("run", declared),
            Ident::new("__shared", declared),
        );
        quote! {
            impl #this {
                /// The graph of this flow; it prints as Mermaid.
                pub const GRAPH: &'static #pf::Graph = &__GRAPH;

                /// The most steps that a run of this flow takes. Where a loop is not bounded, naming it does not compile.
                pub const MAX_STEPS: __p::u64 = #max_steps;

                /// The graph of this flow; it prints as Mermaid.
                pub fn graph(&self) -> &'static #pf::Graph {
                    Self::GRAPH
                }

                /// Runs this flow on a store, from its first node to an exit.
                ///
                /// # Errors
                ///
                /// The final error of a node, with the place where it happened.
                pub fn #run #generics(
                    &self,
                    #shared: &mut #store,
                ) -> impl __p::Future<
                    Output = __p::Result<#exit, #pf::Error>,
                > + __p::Send
                #bounds
                {
                    __p::run_direct(self, #shared)
                }

                /// Runs this flow with a driver: `.with(driver).run(&mut shared)`.
                pub fn with<__D>(&self, __driver: __D) -> #pf::With<'_, Self, __D> {
                    #pf::With::new(self, __driver)
                }
            }

            #[automatically_derived]
            impl<__S, __K: __p::StepKind> __p::FlowStep<__S, __K> for #this
            where
                __p::FlowRunner: __p::Runner<__S, __K, #this>,
            {
                fn runner() -> impl __p::Runner<__S, __K, Self> {
                    __p::FlowRunner
                }
            }
        }
    }

    /// A flow that can be named and called, and checked no further than its edges: its errors have
    /// been told.
    fn dummy(&self) -> TokenStream {
        let (graph, stub) = (self.graph(), self.stub());
        let actions = self
            .model
            .edges
            .iter()
            .enumerate()
            .map(|(index, edge)| action_check(index, edge));
        quote! {
            #graph
            #(#actions)*
            #stub
        }
    }

    /// What an editor reads: the flow with its methods, without its steps.
    fn outside(&self) -> TokenStream {
        let (pf, this) = (self.pf, &self.this);
        let (stub, runners) = (self.stub(), self.runners(Span::call_site()));
        let store = self.model.nodes().find(|node| !node.waits).map(|node| {
            let path = unmentioned(node.path.to_token_stream());
            quote!(#[automatically_derived] impl __p::On for #this { type Store = <#path as __p::On>::Store; })
        });
        let (name, this) = (&self.name, &self.this);
        let this = (name != this).then(|| quote!(type #this = #name;));
        quote! {
            #this
            static __GRAPH: #pf::Graph = __p::unreachable!();
            #store
            #stub
            #runners
        }
    }

    /// A flow that takes no step.
    fn stub(&self) -> TokenStream {
        let (pf, this, exit) = (self.pf, &self.this, &self.exit);
        quote! {
            #[automatically_derived]
            impl __p::Describe for #this {
                const NODE: __p::Description = __p::Description::UNKNOWN;
                type Reads<'a> = ();
            }

            #[automatically_derived]
            impl #pf::Flow for #this {
                type Exit = #exit;
                const GRAPH: &'static #pf::Graph = &__GRAPH;
                type EdgeCounts = [__p::u32; 0];
                const NO_COUNTS: Self::EdgeCounts = [];
                fn exit(_: __p::usize) -> #exit {
                    __p::unreachable!()
                }
            }

            #[automatically_derived]
            impl<__S, __M> __p::Walk<__S, __M> for #this {
                fn walk(
                    &self,
                    _: __p::Cursor<'_, __M, [__p::u32; 0]>,
                    _: &mut __S,
                ) -> impl __p::Future<
                    Output = __p::Result<__p::usize, #pf::Error>,
                > + __p::Send {
                    async { __p::unreachable!() }
                }
            }
        }
    }

    /// For the constants that look through all of the flow: rustc asks after two million steps
    /// whether one is meant to take so long. A small flow is far from that.
    fn long(&self) -> Option<TokenStream> {
        (!self.is_small()).then(|| quote!(#[allow(long_running_const_eval)]))
    }

    /// Whether one function walks all places.
    fn is_small(&self) -> bool {
        self.model.places.len() <= walk::CHUNK
    }

    /// The site of a place, or of one of a fork's nodes: these come after all places.
    fn site(&self, place: usize, branch: Option<usize>) -> TokenStream {
        let forks = self.model.places[..place]
            .iter()
            .filter(|before| before.is_fork());
        let before = self.model.places.len() + forks.map(|fork| fork.nodes.len()).sum::<usize>();
        if self.is_small() && branch.is_none() {
            return format_ident!("__SITE{place}").into_token_stream();
        }
        let index = Literal::usize_unsuffixed(branch.map_or(place, |branch| before + branch));
        quote!(&__SITES[#index])
    }

    fn machine(&self) -> TokenStream {
        let (pf, this, exit) = (self.pf, &self.this, &self.exit);
        let (graph, checks, sound) = (self.graph(), self.checks(), self.sound());
        let (places, exits) = (self.model.places.len(), self.model.exits.len());
        let variants = self.model.exits.iter().enumerate().map(|(index, named)| {
            let (index, variant) = (
                Literal::usize_unsuffixed(index),
                Ident::new(&named.variant.to_string(), Span::call_site()),
            );
            quote!(#index => #exit::#variant)
        });
        let text = self.name.unraw().to_string();
        let counts = self.model.edges.iter().any(|edge| edge.bound.is_some());
        let bounded = if counts { self.model.edges.len() } else { 0 };
        let walk = self.walk();
        let checked = self.holds().map(|bound| quote!(where #bound));
        let long = self.long();
        let branches: usize = self
            .model
            .places
            .iter()
            .filter(|place| place.is_fork())
            .map(|place| place.nodes.len())
            .sum();
        let sites = places + branches;
        // Where a step leads is read from a constant faster than from a static. In a large flow,
        // there would be too many.
        let constants = (0..places).filter(|_| self.is_small()).map(|place| {
            let (site, place) = (self.site(place, None), Literal::usize_unsuffixed(place));
            quote!(const #site: &__p::Site = &__p::Site::at(&__OF, &__SOLUTION, #place);)
        });
        quote! {
            #graph
            type __Solution =
                __p::Solution<#places, { (&__GRAPH).action_count() }, #exits, __WORDS>;
            #long
            static __SOLUTION: __Solution = (&__GRAPH).solve();
            static __OF: &#pf::Graph = &__GRAPH;
            static __SITES: [__p::Site; #sites] = __p::Site::all(&__OF, &__SOLUTION);
            #(#constants)*
            #checks

            #[automatically_derived]
            impl __p::Describe for #this {
                const NODE: __p::Description =
                    __p::Description::of_flow((&__SOLUTION).info(#text, &__GRAPH));
                type Reads<'a> = ();
            }

            #[automatically_derived]
            impl #pf::Flow for #this #checked {
                type Exit = #exit;
                const GRAPH: &'static #pf::Graph = &__GRAPH;
                type EdgeCounts = [__p::u32; #bounded];
                const NO_COUNTS: Self::EdgeCounts = [0; #bounded];
                fn exit(__exit: __p::usize) -> Self::Exit {
                    match __exit {
                        #(#variants,)*
                        _ => __p::unreachable!(),
                    }
                }
            }

            #sound
            #walk

            #[automatically_derived]
            impl<__S, __M> __p::Walk<__S, __M> for #this
            where
                Self: __p::CheckedWalk<__S, __M, __Stores>,
            {
                fn walk(
                    &self,
                    __cursor: __p::Cursor<'_, __M, <Self as #pf::Flow>::EdgeCounts>,
                    __shared: &mut __S,
                ) -> impl __p::Future<
                    Output = __p::Result<__p::usize, #pf::Error>,
                > + __p::Send {
                    <Self as __p::CheckedWalk<__S, __M, __Stores>>::walk(self, __cursor, __shared)
                }
            }
        }
    }
}

/// The type of a place's node: the only one, or one of a fork. On the user's token, what rustc has
/// to say of the type is said there.
fn alias(place: usize, node: usize, span: Span) -> Ident {
    format_ident!("__Node{place}_{node}", span = span)
}
