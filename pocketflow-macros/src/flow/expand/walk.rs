//! The loop over the steps.

use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};

use super::{Flow, alias, spot};
use crate::flow::model::Node;

/// How many places one function walks. The time rustc takes for a function grows with the square of the awaits in it.
const PIECE: usize = 32;

impl Flow<'_> {
    /// The loop over the steps: one function for a small flow, one for each piece of a large one.
    pub(super) fn walk(&self) -> TokenStream {
        let name = &self.name;
        let all: Vec<usize> = (0..self.model.places.len()).collect();
        let pieces: Vec<_> = all.chunks(PIECE).collect();
        if let [places] = &pieces[..] {
            let (bounds, arms) = (self.bounds(places), self.arms(places));
            let last = self.model.places.len();
            return quote! {
                impl<__S, __M> ::pocketflow::__private::Walk<__S, __M> for #name
                where
                    __S: ::pocketflow::Shared,
                    __M: ::pocketflow::__private::StepMode<__S>,
                    #bounds
                {
                    fn walk(
                        &self,
                        mut walker: ::pocketflow::__private::Walker<'_, __M, <Self as ::pocketflow::Flow>::Taken>,
                        shared: &mut __S,
                    ) -> impl ::pocketflow::__private::Future<
                        Output = ::pocketflow::__private::Result<usize, ::pocketflow::Error>,
                    > + Send {
                        async move {
                            let mut place = walker.start(__GRAPH, &*shared)?;
                            while place < #last {
                                #arms
                            }
                            ::pocketflow::__private::Result::Ok(place - #last)
                        }
                    }
                }
            };
        }
        let last = self.model.places.len();
        let numbers: Vec<_> = (0..pieces.len()).map(Literal::usize_unsuffixed).collect();
        let impls = pieces.iter().zip(&numbers).map(|(places, number)| {
            let (bounds, arms) = (self.bounds(places), self.arms(places));
            quote! {
                impl<__S, __M> ::pocketflow::__private::Piece<__S, __M, #number> for #name
                where
                    __S: ::pocketflow::Shared,
                    __M: ::pocketflow::__private::StepMode<__S>,
                    #bounds
                {
                    fn piece(
                        &self,
                        walker: &mut ::pocketflow::__private::Walker<'_, __M, <Self as ::pocketflow::Flow>::Taken>,
                        shared: &mut __S,
                        mut place: usize,
                    ) -> impl ::pocketflow::__private::Future<
                        Output = ::pocketflow::__private::Result<usize, ::pocketflow::Error>,
                    > + Send {
                        async move {
                            while place / #PIECE == #number && place < #last {
                                #arms
                            }
                            ::pocketflow::__private::Result::Ok(place)
                        }
                    }
                }
            }
        });
        quote! {
            #(#impls)*

            impl<__S, __M> ::pocketflow::__private::Walk<__S, __M> for #name
            where
                __S: ::pocketflow::Shared,
                __M: ::pocketflow::__private::StepMode<__S>,
                #(Self: ::pocketflow::__private::Piece<__S, __M, #numbers>,)*
            {
                fn walk(
                    &self,
                    mut walker: ::pocketflow::__private::Walker<'_, __M, <Self as ::pocketflow::Flow>::Taken>,
                    shared: &mut __S,
                ) -> impl ::pocketflow::__private::Future<
                    Output = ::pocketflow::__private::Result<usize, ::pocketflow::Error>,
                > + Send {
                    async move {
                        let mut place = walker.start(__GRAPH, &*shared)?;
                        while place < #last {
                            place = match place / #PIECE {
                                #(#numbers => <Self as ::pocketflow::__private::Piece<__S, __M, #numbers>>::piece(
                                    self, &mut walker, shared, place,
                                ).await?,)*
                                _ => ::core::unreachable!(),
                            };
                        }
                        ::pocketflow::__private::Result::Ok(place - #last)
                    }
                }
            }
        }
    }

    fn bounds(&self, places: &[usize]) -> TokenStream {
        let bounds = places.iter().flat_map(|place| {
            let stands = &self.model.places[*place];
            stands.nodes.iter().enumerate().map(move |(index, node)| {
                let alias = alias(*place, index, node.span());
                if stands.is_fork() {
                    quote!(#alias: ::pocketflow::__private::Part<__S, __M>)
                } else {
                    quote!(#alias: ::pocketflow::__private::Step<__S, __M>)
                }
            })
        });
        quote!(#(#bounds,)*)
    }

    fn arms(&self, places: &[usize]) -> TokenStream {
        let arms = places.iter().map(|index| {
            let place = &self.model.places[*index];
            let (number, spot) = (Literal::usize_unsuffixed(*index), spot(*index));
            let node = |node: usize, stands: &Node| {
                let alias = alias(*index, node, stands.span());
                let value = match &stands.field {
                    Some(_) => {
                        let name = &stands.name;
                        quote!(&self.#name)
                    }
                    None => quote_spanned!(stands.span()=> &#alias {}),
                };
                (alias, value)
            };
            let step = if place.is_fork() {
                let branches = place.nodes.iter().enumerate().map(|(branch, stands)| {
                    let (_, value) = node(branch, stands);
                    quote! {
                        ::pocketflow::__private::Branch(
                            const { &::pocketflow::__private::Spot::branch(&__OF, #number, #branch) },
                            #value,
                        )
                    }
                });
                let branches = branches.collect::<Vec<_>>();
                let both = branches
                    .into_iter()
                    .rev()
                    .reduce(|rest, branch| quote!(::pocketflow::__private::Both(#branch, #rest)));
                quote!(::pocketflow::__private::fork_step(#both, #spot, walker.here(), shared))
            } else {
                let (alias, value) = node(0, &place.nodes[0]);
                quote! {
                    <#alias as ::pocketflow::__private::Step<__S, __M>>::step(
                        || (#value, #spot), walker.here(), shared,
                    )
                }
            };
            quote! {
                if place == #number {
                    let action = #step.await?;
                    place = walker.next(#spot, action);
                }
            }
        });
        quote!(#(#arms)*)
    }
}
