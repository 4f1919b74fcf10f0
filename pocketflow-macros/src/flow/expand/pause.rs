//! The types of the steps that let time pass: an `await`, and a declared `sleep`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::Flow;
use crate::duration::nanos;
use crate::flow::model::Node;
use crate::flow::parse::{Await, Pause, Time};

impl Flow<'_> {
    /// The type of a pause.
    pub(super) fn pause(&self, alias: &Ident, node: &Node, pause: &Pause) -> TokenStream {
        let mut places = self.model.places.iter().enumerate();
        let store = match places.find(|(_, place)| place.nodes[0].pause.is_none()) {
            Some((place, stands)) => {
                let row = self.row(place, 0, &stands.nodes[0]);
                quote!(#row.store)
            }
            None => quote!(__p::Description::UNKNOWN.store),
        };
        let name = &node.label;
        let (described, runner, value) = match pause {
            Pause::Await(Await { field, within }) => {
                let field = field.unraw().to_string();
                let waits = quote!(__p::Description::awaits(#name, #store, &[#field]));
                match within {
                    None => (
                        waits,
                        quote!(__p::AwaitRunner),
                        quote!(__p::AwaitRunner(#field)),
                    ),
                    Some(within) => {
                        let time = time(within.time.as_ref());
                        let described = quote! {
                            {
                                const __ACTIONS: &[__p::ActionInfo; 2] =
                                    &__p::ActionInfo::of_await(&[#field]);
                                __p::Description::expiring(#waits, __ACTIONS, #time)
                            }
                        };
                        let runner = quote!(__p::ExpiringRunner);
                        (described, runner.clone(), runner)
                    }
                }
            }
            Pause::Sleep(length) => {
                let time = time(length.as_ref());
                let runner = quote!(__p::SleepRunner);
                let described = quote!(__p::Description::sleeps(#name, #store, #time));
                (described, runner.clone(), runner)
            }
        };
        quote! {
            struct #alias {}

            const _: () = {
                #[automatically_derived]
                impl __p::Describe for #alias {
                    const NODE: __p::Description = #described;
                    type Reads<'a> = ();
                }

                #[automatically_derived]
                impl<__S, __K: __p::StepKind> __p::FlowStep<__S, __K> for #alias
                where
                    #runner: __p::Runner<__S, __K, #alias>,
                {
                    fn runner() -> impl __p::Runner<__S, __K, Self> {
                        #value
                    }
                }
            };
        }
    }
}

/// The check of a time that is a constant.
pub(super) fn time_check(place: usize, node: &Node) -> Option<TokenStream> {
    match node.time()? {
        Time::Constant(path) => {
            Some(quote_spanned!(path.span()=> const _: () = (&__GRAPH).check_time(#place);))
        }
        Time::Literal(..) => None,
    }
}

/// A time that could not be read is reported, and then the flow is not run.
fn time(time: Option<&Time>) -> TokenStream {
    match time {
        Some(Time::Literal(time, _)) => nanos(time),
        // A constant with this type, so that rustc names the type that it expects.
        Some(Time::Constant(path)) => quote!({ const __TIME: __p::Duration = #path; __TIME }),
        None => quote!(__p::Duration::MAX),
    }
}
