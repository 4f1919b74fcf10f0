//! The impl of `Node`: its types and its steps.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Lifetime;
use syn::spanned::Spanned;

use super::steps::retry;
use super::{Node, inner, value};
use crate::node::parse::Output;

impl Node<'_> {
    /// The impl of `Node`.
    pub(super) fn node(&self) -> TokenStream {
        let (pf, store, node) = (self.pf, self.store, &self.model.node);
        let (work, policy, checked) = (self.work(), self.policy(), self.checked());
        let (types, before, exec) = (self.types(), self.before(), self.attempted());
        let (fallback, after) = (self.sound.then(|| self.fallback()), self.after());
        let judge = self.judge();
        quote! {
            #work

            #[automatically_derived]
            impl #pf::Node<#store, __Marker> for #node
            where
                #checked
            {
                #policy
                #types
                #before
                #exec
                #judge
                #fallback
                #after
            }
        }
    }

    /// What the steps pass to one another.
    fn types(&self) -> TokenStream {
        let this = &self.this;
        let exec = &self.model.exec.output;
        let exec_type = value(&Output {
            ty: inner(&exec.ty),
            ..*exec
        });
        let (item, done) = match self.model.each() {
            Some((_, each)) => {
                let item = self.item(each, "'a");
                let done = match self.model.options.failures {
                    Some(_) => quote!(__p::Partial<#this::Exec>),
                    None => quote!(__p::Vec<#this::Exec>),
                };
                (quote!(#item), done)
            }
            None => (quote!(()), quote!(#this::Exec)),
        };
        let prepared = if self.has_prep() {
            quote!(__Prep<'a>)
        } else {
            quote!(())
        };
        let kept = match &self.model.prep {
            Some(prep) if self.model.keeps_prep() && self.sound => {
                let value = value(&prep.output);
                quote!(__p::Prepared<#value>)
            }
            _ => quote!(()),
        };
        quote! {
            type Prep<'a> = #prepared;
            type Item<'a> = #item;
            type Exec = #exec_type;
            type Done = #done;
            type Kept = #kept;
        }
    }

    /// The borrowed context of the store. All of it is on the user's token, as the store's
    /// description is, so that rustc reports a type that is not a store once.
    pub(super) fn context(&self, lifetime: &str) -> TokenStream {
        let (store, span) = (self.store, self.store.span());
        let (at, lifetime) = (self.pf.at(span), Lifetime::new(lifetime, span));
        quote_spanned!(span=> <#store as #at::Shared>::Context<#lifetime>)
    }

    /// The part that works with the store before `exec`.
    fn before(&self) -> TokenStream {
        let (pf, this, store) = (self.pf, &self.this, self.store);
        let context = self.context("'a");
        let prep = if self.sound {
            self.prep()
        } else {
            Some(quote!(__p::unreachable!()))
        };
        let prep = prep.map(|prep| {
            quote! {
                #[inline]
                fn prep<'a>(
                    &'a self,
                    __shared: &'a #store,
                    __context: #context,
                ) -> __p::Result<#this::Prep<'a>, #pf::Failure> {
                    #prep
                }
            }
        });
        let borrowing = self.borrowing();
        quote! {
            #prep

            #[inline]
            fn reads<'a>(
                __shared: &'a #store,
                __context: #context,
            ) -> __p::Result<<Self as __p::Describe>::Reads<'a>, #pf::Failure> {
                #borrowing
            }
        }
    }

    /// One attempt.
    fn attempted(&self) -> TokenStream {
        let (pf, this, attempt) = (self.pf, &self.this, self.attempt());
        let exec = if self.sound {
            self.exec()
        } else {
            quote!(async move { __p::unreachable!() })
        };
        // With the user's span, so that rustc reports a future that is not `Send` there.
        let span = self.model.exec.name.span();
        let at = pf.at(span);
        let future = quote_spanned! {span=>
            impl #at::__private::Future<
                Output = #at::__private::Result<#this::Exec, #at::Failure>,
            > + #at::__private::Send
        };
        quote! {
            #[inline]
            fn exec(
                &self,
                __reads: <Self as __p::Describe>::Reads<'_>,
                __prep: &#this::Prep<'_>,
                __item: #this::Item<'_>,
                #attempt: #pf::Attempt<'_>,
            ) -> #future {
                #exec
            }
        }
    }

    /// What `retry_if` says of a failure that a driver has made.
    fn judge(&self) -> Option<TokenStream> {
        let exec = &self.model.exec;
        let retry_if = self.model.options.retry_if.as_ref()?;
        if !self.sound || !exec.output.fallible {
            return None;
        }
        let (pf, ty) = (self.pf, inner(&exec.output.ty));
        let retry = retry(retry_if, TokenStream::new());
        Some(quote! {
            fn judge(__failure: #pf::Failure) -> #pf::Failure {
                __p::Judge::<<#ty as __p::Fallible>::Error>::OF
                    .__judge(__failure, |__error| #retry)
            }
        })
    }

    /// The part that works with the store after `exec`.
    fn after(&self) -> TokenStream {
        let (pf, this, store, done) = (self.pf, &self.this, self.store, self.done());
        let context = self.context("'_");
        let keeps = self.model.keeps_prep() && self.sound;
        let keep = keeps.then(|| {
            quote! {
                #[inline]
                fn keep(__prep: &mut #this::Prep<'_>) -> #this::Kept {
                    __p::Retained::take(&mut __prep.__prep)
                }
            }
        });
        let kept = if keeps {
            quote!(__p::Prepared(__kept))
        } else {
            quote!(_)
        };
        let post = if self.sound {
            self.post()
        } else {
            quote!(__p::unreachable!())
        };
        quote! {
            #keep

            #[inline]
            fn post(
                &self,
                __shared: &mut #store,
                __context: #context,
                #kept: #this::Kept,
                #done: #this::Done,
            ) -> __p::Result<__p::usize, #pf::EmptyField> {
                #post
            }
        }
    }
}
