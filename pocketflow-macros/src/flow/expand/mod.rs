//! From the graph to the state machine.

mod graph;
mod walk;

use proc_macro2::{Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Ident, Visibility};

use self::graph::action_check;
use super::model::{DEFAULT, Mention, Model, Node};
use crate::errors::Errors;

/// Writes the flow. With an error, the flow is still a type that can be run, so that one mistake stays one message.
pub(crate) fn expand(model: &Model, errors: &Errors, complete: bool) -> TokenStream {
    let name = model.header.as_ref().map_or_else(|| format_ident!("__Flow"), |header| header.name.clone());
    let flow = Flow {
        model,
        exit: format_ident!("{name}Exit"),
        name,
        sound: complete && !model.places.is_empty() && !model.impossible,
        ends: errors.is_empty() && !model.endless,
    };
    let (declaration, exits) = (flow.declaration(), flow.exits());
    let inside = flow.inside();
    let errors = errors.to_compile_errors();
    let items = quote! {
        #errors
        #declaration
        #exits
        const _: () = { #inside };
    };
    if model.header.is_some() {
        return items;
    }
    let value = flow.value();
    quote!({ #items #value })
}

struct Flow<'a> {
    model: &'a Model,
    name: Ident,
    exit: Ident,
    /// Whether the whole graph is known, so that it can be run and checked.
    sound: bool,
    /// Whether every path comes to an exit.
    ends: bool,
}

impl Flow<'_> {
    fn visibility(&self) -> Visibility {
        self.model.header.as_ref().map_or(Visibility::Inherited, |header| header.visibility.clone())
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

    fn declaration(&self) -> TokenStream {
        let (name, attributes, visibility) = (&self.name, &self.model.attributes, self.visibility());
        let fields = self.fields();
        if fields.is_empty() {
            return quote! {
                #(#attributes)*
                #[derive(Clone, Copy, Debug, Default)]
                #visibility struct #name;
            };
        }
        let fields = fields.into_iter().map(|Node { name, path, field, .. }| {
            let field = field.as_deref().unwrap_or_default();
            let doc = field.is_empty().then(|| {
                let doc = format!("The node `{name}`.");
                quote!(#[doc = #doc])
            });
            quote!(#(#field)* #doc pub #name: #path)
        });
        quote! {
            #(#attributes)*
            #visibility struct #name { #(#fields),* }
        }
    }

    fn exits(&self) -> TokenStream {
        let (exit, visibility) = (&self.exit, self.visibility());
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
            #[allow(dead_code)]
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            #visibility enum #exit { #(#variants),* }
        }
    }

    /// The value of a flow that is an expression. A declared node is the local variable of its name.
    fn value(&self) -> TokenStream {
        let name = &self.name;
        let fields: Vec<_> = self.fields().into_iter().map(|node| &node.name).collect();
        if fields.is_empty() { quote!(#name) } else { quote!(#name { #(#fields),* }) }
    }

    fn inside(&self) -> TokenStream {
        let places = self.model.places.iter().enumerate();
        let aliases = places.flat_map(|(place, stands)| {
            stands.nodes.iter().enumerate().map(move |(index, node)| {
                let (alias, path) = (alias(place, index, Span::call_site()), &node.path);
                if node.waits {
                    self.awaits(&alias, node)
                } else {
                    quote!(#[allow(dead_code)] type #alias = #path;)
                }
            })
        });
        let mentions = self.mentions();
        let body = if self.sound { self.machine() } else { self.dummy() };
        let runners = self.runners();
        quote!(#(#aliases)* #mentions #body #runners)
    }

    /// The type of an `await(field)`.
    fn awaits(&self, alias: &Ident, node: &Node) -> TokenStream {
        let mut places = self.model.places.iter().enumerate();
        let store = match places.find(|(_, place)| !place.nodes[0].waits) {
            Some((place, stands)) => {
                let first = self::alias(place, 0, stands.nodes[0].span());
                quote!(<#first as ::pocketflow::__private::Describe>::NODE.store)
            }
            None => quote!(::pocketflow::__private::UNKNOWN.store),
        };
        let field = node.name.unraw().to_string();
        let name = format!("await({field})");
        quote! {
            #[allow(dead_code)]
            struct #alias {}

            const _: () = {
                const __STORE: &::pocketflow::Store = #store;
                const __WORDS: usize = __STORE.words();

                impl ::pocketflow::__private::Describe for #alias {
                    const NODE: ::pocketflow::NodeInfo = ::pocketflow::__private::awaits(
                        #name, #field, __STORE, &__STORE.set::<__WORDS>(&[#field]), &[0; __WORDS],
                    );
                }

                impl<__S, __M> ::pocketflow::__private::Step<__S, __M> for #alias
                where
                    __S: ::pocketflow::Shared,
                    __M: ::pocketflow::__private::StepMode<__S>,
                {
                    fn step<'a, __G>(
                        get: __G,
                        here: &'a mut ::pocketflow::__private::Here<'_, __M>,
                        shared: &'a mut __S,
                    ) -> impl ::pocketflow::__private::Future<
                        Output = ::pocketflow::__private::Result<usize, ::pocketflow::Error>,
                    > + Send
                    where
                        __G: ::pocketflow::__private::Get<'a, Self>,
                    {
                        ::pocketflow::__private::await_step(get.spot(), here, shared, #field)
                    }
                }
            };
        }
    }

    /// Every mention of a node after its first, for hovering and renaming.
    fn mentions(&self) -> TokenStream {
        let node = |mention: &Mention| &self.model.places[mention.place].nodes[mention.node];
        let mentions = || self.model.mentions.iter().map(|mention| (node(mention), &mention.path));
        let nodes =
            mentions().filter(|(node, _)| !node.declared).map(|(_, path)| path).chain(&self.model.idle);
        let fields = mentions().filter(|(node, _)| node.field.is_some());
        let fields: Vec<_> = fields.map(|(_, path)| path).collect();
        let fields = (!fields.is_empty()).then(|| {
            let name = &self.name;
            quote! {
                #[allow(dead_code)]
                fn __fields(flow: &#name) { #(let _ = &flow.#fields;)* }
            }
        });
        quote!(#[allow(dead_code)] type __Mentions = (#(*const #nodes,)*); #fields)
    }

    /// What every flow has, whether it can be run or not.
    fn runners(&self) -> TokenStream {
        let (name, exit) = (&self.name, &self.exit);
        let max_steps = quote_spanned!(name.span()=> <Self as ::pocketflow::Flow>::GRAPH.max_steps());
        quote! {
            #[allow(dead_code, unreachable_pub)]
            impl #name {
                /// The graph of this flow; it prints as Mermaid.
                pub const GRAPH: &'static ::pocketflow::Graph = <Self as ::pocketflow::Flow>::GRAPH;

                /// The most steps that a run of this flow takes. Where a loop is not bounded, naming it does not compile.
                pub const MAX_STEPS: u64 = #max_steps;

                /// The graph of this flow; it prints as Mermaid.
                pub fn graph(&self) -> &'static ::pocketflow::Graph {
                    Self::GRAPH
                }

                /// Runs this flow on a store, from its first node to an exit.
                ///
                /// # Errors
                ///
                /// The final error of a node, with the place where it happened.
                pub fn run<__S>(
                    &self,
                    shared: &mut __S,
                ) -> impl ::pocketflow::__private::Future<
                    Output = ::pocketflow::__private::Result<#exit, ::pocketflow::Error>,
                > + Send
                where
                    __S: ::pocketflow::Shared,
                    Self: ::pocketflow::__private::Walk<__S, ::pocketflow::Direct>,
                {
                    ::pocketflow::__private::run_direct(self, shared)
                }

                /// Runs this flow with a driver: `.with(driver).run(&mut shared)`.
                pub fn with<__D>(&self, driver: __D) -> ::pocketflow::With<'_, Self, __D> {
                    ::pocketflow::With::new(self, driver)
                }
            }

            #[diagnostic::do_not_recommend]
            impl<__S, __M> ::pocketflow::__private::Step<__S, __M> for #name
            where
                __S: ::pocketflow::Shared,
                __M: ::pocketflow::__private::StepMode<__S>,
                Self: ::pocketflow::__private::Walk<__S, __M>,
            {
                fn step<'a, __G>(
                    get: __G,
                    here: &'a mut ::pocketflow::__private::Here<'_, __M>,
                    shared: &'a mut __S,
                ) -> impl ::pocketflow::__private::Future<
                    Output = ::pocketflow::__private::Result<usize, ::pocketflow::Error>,
                > + Send
                where
                    __G: ::pocketflow::__private::Get<'a, Self>,
                {
                    ::pocketflow::__private::flow_step::<Self, _, _, _>(get, here, shared)
                }
            }

            // No flow stands in a fork, which PF012 says in its own words.
            #[diagnostic::do_not_recommend]
            impl<__S, __M: ::pocketflow::__private::Mode> ::pocketflow::__private::Part<__S, __M> for #name {
                type Finished = ();
                fn exec<'a>(
                    &'a self,
                    _: &'a ::pocketflow::__private::Here<'a, __M>,
                    _: &'static ::pocketflow::__private::Spot,
                    _: __M::At<'a>,
                    _: &'a __S,
                ) -> impl ::pocketflow::__private::Future<
                    Output = ::pocketflow::__private::Result<(), ::pocketflow::Error>,
                > + Send {
                    async { ::core::unreachable!() }
                }
                fn post(
                    &self,
                    _: &mut __S,
                    _: (),
                ) -> ::pocketflow::__private::Result<usize, ::pocketflow::EmptyField> {
                    ::core::unreachable!()
                }
            }
        }
    }

    /// A flow that can be named and called, and checked no further than its edges: its errors have been told.
    fn dummy(&self) -> TokenStream {
        let (name, exit, graph) = (&self.name, &self.exit, self.graph());
        let actions = self.model.edges.iter().enumerate().map(|(index, edge)| action_check(index, edge));
        quote! {
            const __GRAPH: &::pocketflow::Graph = #graph;
            #(#actions)*

            #[diagnostic::do_not_recommend]
            impl ::pocketflow::__private::Describe for #name {
                const NODE: ::pocketflow::NodeInfo = ::pocketflow::__private::UNKNOWN;
            }

            impl ::pocketflow::Flow for #name {
                type Exit = #exit;
                const GRAPH: &'static ::pocketflow::Graph = __GRAPH;
                type Taken = [u32; 0];
                const TAKEN: Self::Taken = [];
                fn exit(_: usize) -> #exit {
                    ::core::unreachable!()
                }
            }

            impl<__S, __M> ::pocketflow::__private::Walk<__S, __M> for #name {
                fn walk(
                    &self,
                    _: ::pocketflow::__private::Walker<'_, __M, [u32; 0]>,
                    _: &mut __S,
                ) -> impl ::pocketflow::__private::Future<
                    Output = ::pocketflow::__private::Result<usize, ::pocketflow::Error>,
                > + Send {
                    async { ::core::unreachable!() }
                }
            }
        }
    }

    fn machine(&self) -> TokenStream {
        let (name, exit) = (&self.name, &self.exit);
        let (graph, checks) = (self.graph(), self.checks());
        let (places, exits) = (self.model.places.len(), self.model.exits.len());
        let variants = self.model.exits.iter().enumerate().map(|(index, named)| {
            let (index, variant) =
                (Literal::usize_unsuffixed(index), Ident::new(&named.variant.to_string(), Span::call_site()));
            quote!(#index => #exit::#variant)
        });
        let text = name.to_string();
        let counts = self.model.edges.iter().any(|edge| edge.bound.is_some());
        let bounded = if counts { self.model.edges.len() } else { 0 };
        let walk = self.walk();
        let spots = (0..places).map(|place| {
            let (spot, place) = (spot(place), Literal::usize_unsuffixed(place));
            quote! {
                const #spot: &::pocketflow::__private::Spot =
                    &::pocketflow::__private::Spot::at(&__OF, __SOLUTION, #place);
            }
        });
        quote! {
            const __GRAPH: &::pocketflow::Graph = #graph;
            const __WORDS: usize = __GRAPH.width();
            type __Solution =
                ::pocketflow::__private::Solution<#places, { __GRAPH.slots() }, #exits, __WORDS>;
            #[allow(long_running_const_eval)]
            const __SOLUTION: &__Solution = &__GRAPH.solve();
            static __OF: &::pocketflow::Graph = __GRAPH;
            #(#spots)*
            #checks

            #[diagnostic::do_not_recommend]
            impl ::pocketflow::__private::Describe for #name {
                const NODE: ::pocketflow::NodeInfo = ::pocketflow::NodeInfo {
                    name: #text,
                    store: __GRAPH.places[0].node.store,
                    actions: __GRAPH.exits,
                    reads: &__SOLUTION.reads(),
                    peeks: &__SOLUTION.peeks(__GRAPH),
                    writes: &__SOLUTION.writes::<{ #exits * __WORDS }>(),
                    changes: &[],
                    flow: ::pocketflow::__private::Option::Some(__GRAPH),
                    waits: ::pocketflow::__private::Option::None,
                }
                .if_known();
            }

            impl ::pocketflow::Flow for #name {
                type Exit = #exit;
                const GRAPH: &'static ::pocketflow::Graph = __GRAPH;
                type Taken = [u32; #bounded];
                const TAKEN: Self::Taken = [0; #bounded];
                fn exit(index: usize) -> Self::Exit {
                    match index {
                        #(#variants,)*
                        _ => ::core::unreachable!(),
                    }
                }
            }

            #walk
        }
    }
}

/// The type of a place's node: the only one, or one of a fork. On the user's token, what rustc has to say of the type is said there.
fn alias(place: usize, node: usize, span: Span) -> Ident {
    format_ident!("__Node{place}_{node}", span = span)
}

/// The constant of a place.
fn spot(place: usize) -> Ident {
    format_ident!("__SPOT{place}")
}
