//! The loop over the steps.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Ident;

use super::{Flow, alias, on_field};
use crate::flow::model::Node;

/// How many places one function walks. The time that rustc needs for a function grows with the
/// square of the number of awaits in it.
pub(super) const CHUNK: usize = 32;

impl Flow<'_> {
    /// The loop over the steps: one function for a small flow, one for each chunk of a large one.
    pub(super) fn walk(&self) -> TokenStream {
        let (pf, this) = (self.pf, &self.this);
        let holds = self.holds();
        let (check, checks, held) = self.held_policies();
        let inputs = (!self.inputs().is_empty())
            .then(|| quote!(__p::Cursor::check_inputs(&__cursor, &__GRAPH, &*__shared)?;));
        let all: Vec<usize> = (0..self.model.places.len()).collect();
        let chunks: Vec<_> = all.chunks(CHUNK).collect();
        if let [places] = &chunks[..] {
            let last = self.model.places.len();
            // The head of the loop could test this once for all steps. But after most steps the
            // compiler knows the answer, so there the test costs nothing.
            let left = quote!(if __place >= #last { break; });
            let (bounds, arms) = (
                self.bounds(places),
                self.arms(places, &quote!(&mut __cursor), Some(&left)),
            );
            return quote! {
                #[automatically_derived]
                impl<__S, __M> __p::CheckedWalk<__S, __M, __p::Sound<0>> for #this
                where
                    __S: #pf::Shared,
                    __M: __p::StepMode<__S>,
                    #bounds
                    #holds
                {
                    #check

                    fn walk(
                        &self,
                        mut __cursor: __p::Cursor<'_, __M, <Self as #pf::Flow>::EdgeCounts>,
                        __shared: &mut __S,
                    ) -> impl __p::StepFuture {
                        async move {
                            #checks
                            #inputs
                            let mut __place = __p::Cursor::start::<__S>(&mut __cursor, &__GRAPH, __CONFIGURED)?;
                            loop {
                                #arms
                            }
                            __p::Result::Ok(__place - #last)
                        }
                    }
                }
            };
        }
        let last = self.model.places.len();
        let numbers: Vec<_> = (0..chunks.len()).map(Literal::usize_unsuffixed).collect();
        let impls = chunks.iter().zip(&numbers).map(|(places, number)| {
            let (bounds, arms) = (
                self.bounds(places),
                self.arms(places, &quote!(&mut *__cursor), None),
            );
            quote! {
                #[automatically_derived]
                impl<__S, __M> __p::WalkChunk<__S, __M, #number> for #this
                where
                    __S: #pf::Shared,
                    __M: __p::StepMode<__S>,
                    #bounds
                    #holds
                {
                    fn chunk(
                        &self,
                        __cursor: &mut __p::Cursor<'_, __M, <Self as #pf::Flow>::EdgeCounts>,
                        __shared: &mut __S,
                        mut __place: __p::usize,
                    ) -> impl __p::StepFuture {
                        async move {
                            while __place / #CHUNK == #number && __place < #last {
                                #arms
                            }
                            __p::Result::Ok(__place)
                        }
                    }
                }
            }
        });
        quote! {
            #(#impls)*

            #[automatically_derived]
            impl<__S, __M> __p::CheckedWalk<__S, __M, __p::Sound<0>> for #this
            where
                __S: #pf::Shared,
                __M: __p::StepMode<__S>,
                #(Self: __p::WalkChunk<__S, __M, #numbers>,)*
                #held
                #holds
            {
                #check

                fn walk(
                    &self,
                    mut __cursor: __p::Cursor<'_, __M, <Self as #pf::Flow>::EdgeCounts>,
                    __shared: &mut __S,
                ) -> impl __p::StepFuture {
                    async move {
                        #checks
                        #inputs
                        let mut __place = __p::Cursor::start::<__S>(&mut __cursor, &__GRAPH, __CONFIGURED)?;
                        while __place < #last {
                            __place = match __place / #CHUNK {
                                #(#numbers => <Self as __p::WalkChunk<__S, __M, #numbers>>::chunk(
                                    self, &mut __cursor, __shared, __place,
                                ).await?,)*
                                _ => __p::unreachable!(),
                            };
                        }
                        __p::Result::Ok(__place - #last)
                    }
                }
            }
        }
    }

    /// A function for each node, which finds its site, and which makes the node if it has no fields.
    /// As a closure in the walk, it would leave rustc with conditions that it cannot decide before
    /// the end of the walk, and that it looks at again at every step.
    pub(super) fn sources(&self) -> TokenStream {
        let nodes = self
            .model
            .places
            .iter()
            .enumerate()
            .flat_map(|(place, of)| {
                let nodes = of.nodes.iter().enumerate();
                nodes.map(move |(index, node)| (place, of.is_fork().then_some(index), index, node))
            });
        let sources = nodes.map(|(place, branch, index, node)| {
            let (name, site) = (source(place, index), self.site(place, branch));
            let (of, value) = if node.field.is_some() {
                (quote!(__p::SiteRef), quote!(__p::SiteRef(#site)))
            } else {
                let of = alias(place, index, Span::call_site());
                let made = alias(place, index, node.span());
                let made = quote_spanned!(node.span()=> &#made {});
                (quote!(__p::NodeAt<#of>), quote!(__p::NodeAt(#made, #site)))
            };
            quote! {
                #[inline]
                fn #name() -> #of {
                    #value
                }
            }
        });
        quote!(#(#sources)*)
    }

    /// The check of the policies of the nodes that the flow holds, its call where a run starts, and
    /// its bounds.
    fn held_policies(&self) -> (Option<TokenStream>, Option<TokenStream>, TokenStream) {
        let pf = self.pf;
        let mut names = Vec::new();
        let (mut checks, mut bounds) = (Vec::new(), Vec::new());
        for (place, stands) in self.model.places.iter().enumerate() {
            for (index, node) in stands.nodes.iter().enumerate() {
                if node.field.is_none() || names.contains(&&node.name) {
                    continue;
                }
                names.push(&node.name);
                let (alias, name) = (alias(place, index, node.span()), &node.name);
                let branch = stands.is_fork().then_some(index);
                if let Some(on) = &node.on {
                    let (site, runner) = (self.site(place, branch), on_field::runner(on));
                    let bound = on_field::bound(on, &alias);
                    bounds.push(quote!(#bound,));
                    checks.push(quote! {
                        __p::Runner::<__S, __M, #alias>::check(#runner, &self.#name, #site, __context)?;
                    });
                    continue;
                }
                let (site, kind) = (
                    self.site(place, branch),
                    match stands.is_fork() {
                        true => quote!(__p::Forked<__M>),
                        false => quote!(__M),
                    },
                );
                bounds.push(quote!(#alias: __p::FlowStep<__S, #kind>,));
                checks.push(quote! {
                    __p::Runner::check(
                        <#alias as __p::FlowStep<__S, #kind>>::runner(),
                        &self.#name,
                        #site,
                        __context,
                    )?;
                });
            }
        }
        if checks.is_empty() {
            return (None, None, TokenStream::new());
        }
        let check = quote! {
            fn check(
                &self,
                __context: &__p::FlowContext<'_, __M>,
            ) -> __p::Result<(), #pf::Error> {
                #(#checks)*
                __p::Result::Ok(())
            }
        };
        let call = quote! {
            if __p::Cursor::is_outermost(&__cursor) {
                <Self as __p::CheckedWalk<__S, __M, __p::Sound<0>>>::check(
                    self, __p::Cursor::context(&mut __cursor),
                )?;
            }
        };
        (Some(check), Some(call), quote!(#(#bounds)*))
    }

    fn bounds(&self, places: &[usize]) -> TokenStream {
        let bounds = places.iter().flat_map(|place| {
            let stands = &self.model.places[*place];
            stands.nodes.iter().enumerate().map(move |(index, node)| {
                let alias = alias(*place, index, node.span());
                if let Some(on) = &node.on {
                    on_field::bound(on, &alias)
                } else if stands.is_fork() {
                    quote!(#alias: __p::FlowStep<__S, __p::Forked<__M>>)
                } else {
                    quote!(#alias: __p::FlowStep<__S, __M>)
                }
            })
        });
        quote!(#(#bounds,)*)
    }

    /// `cursor` borrows the cursor, and `left` ends the loop after a step that leaves the flow.
    fn arms(
        &self,
        places: &[usize],
        cursor: &TokenStream,
        left: Option<&TokenStream>,
    ) -> TokenStream {
        let next = if self.is_small() {
            quote!(next)
        } else {
            quote!(next_of_many)
        };
        let arms = places.iter().map(|index| {
            let place = &self.model.places[*index];
            let (number, site) = (Literal::usize_unsuffixed(*index), self.site(*index, None));
            let node = |node: usize, stands: &Node| {
                let (alias, source) = (alias(*index, node, stands.span()), source(*index, node));
                let source = match &stands.field {
                    Some(_) => {
                        let name = &stands.name;
                        quote!(__p::NodeWithFields(&self.#name, #source))
                    }
                    None => source.into_token_stream(),
                };
                (alias, source)
            };
            let step = if place.is_fork_of_flows() {
                let branches = place.nodes.iter().enumerate().map(|(branch, stands)| {
                    let (alias, source) = node(branch, stands);
                    let on = stands.on.as_ref();
                    on.map(|on| on_field::branch(on, &alias, &source)).unwrap_or_default()
                });
                let all = pairs(&branches.collect::<Vec<_>>());
                quote!(__p::fork_of_flows(#all, #site, __p::Cursor::context(#cursor), __shared))
            } else if let Some(on) = &place.nodes[0].on {
                let (alias, source) = node(0, &place.nodes[0]);
                let runner = on_field::runner(on);
                quote! {
                    __p::Runner::<__S, __M, #alias>::step(
                        #runner,
                        __p::Step(#source, __p::PhantomData), __p::Cursor::context(#cursor), __shared,
                    )
                }
            } else if place.is_fork() {
                let branches = place.nodes.iter().enumerate().map(|(branch, stands)| {
                    let (alias, source) = node(branch, stands);
                    quote! {
                        __p::ForkBranch::<#alias, _, _>::new(
                            <#alias as __p::FlowStep<__S, __p::Forked<__M>>>::runner(),
                            #source,
                        )
                    }
                });
                let both = pairs(&branches.collect::<Vec<_>>());
                quote!(__p::fork_step(#both, #site, __p::Cursor::context(#cursor), __shared))
            } else {
                let (alias, source) = node(0, &place.nodes[0]);
                quote! {
                    __p::Runner::step(
                        <#alias as __p::FlowStep<__S, __M>>::runner(),
                        __p::Step(#source, __p::PhantomData), __p::Cursor::context(#cursor), __shared,
                    )
                }
            };
            let mut edges = self.model.edges.iter();
            let failed = if edges.any(|edge| edge.from == *index && edge.error.is_some()) {
                quote! {
                    match __p::Cursor::fail(#cursor, #site, __error, __shared) {
                        __p::Result::Ok(__next) => __place = __next,
                        __p::Result::Err(__error) => return __p::Result::Err(__error),
                    }
                }
            } else {
                quote!(return __p::Result::Err(__error);)
            };
            quote! {
                if __place == #number {
                    match #step.await {
                        __p::Result::Ok(__action) => {
                            __place = __p::Cursor::#next(#cursor, #site, __action);
                        }
                        __p::Result::Err(__error) => {
                            #failed
                        }
                    }
                    #left
                }
            }
        });
        quote!(#(#arms)*)
    }
}

/// The source of the step of a node: see [`Flow::sources`].
fn source(place: usize, node: usize) -> Ident {
    format_ident!("__source{place}_{node}")
}

/// The nodes of a fork as a balanced tree of pairs. A list would be as deep as the fork is long,
/// and rustc is slow with deep types.
fn pairs(branches: &[TokenStream]) -> TokenStream {
    match branches {
        [branch] => branch.clone(),
        _ => {
            let (first, rest) = branches.split_at(branches.len().div_ceil(2));
            let (first, rest) = (pairs(first), pairs(rest));
            quote!(__p::ForkPair(#first, #rest))
        }
    }
}
