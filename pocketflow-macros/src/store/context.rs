//! The context of a store.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Type};

use super::parse::Store;
use crate::names::{code, ours};
use crate::types::without_self;

/// What stands for the context in the impl of `Shared`, and the impls beside it.
pub(super) struct Context {
    /// What the impl says of it.
    pub(super) inside: TokenStream,
    /// What it adds to the description of the store.
    pub(super) described: Option<TokenStream>,
    pub(super) impls: TokenStream,
    /// Its name for a message, in a block of its own: as an item it would hide the type.
    pub(super) named: Option<TokenStream>,
}

/// The context of a store. `sound` is the bound that the checks have passed.
pub(super) fn context(store: &Store<'_>, sound: Option<&TokenStream>) -> Context {
    let (pf, name) = (&store.krate, ours(store.name));
    let Some(mut ty) = store.context.clone() else {
        return Context {
            inside: quote! {
                type Context<'c> = ();
                type Itself = Self;
                type Absent = #pf::NoContext;

                fn itself(__shared: &mut Self) -> (&mut Self, &'static #pf::NoContext) {
                    (__shared, &#pf::NoContext)
                }
            },
            described: None,
            named: None,
            impls: quote! {
                #[automatically_derived]
                impl<__C: ?__p::Sized> __p::InContext<__C> for #name
                where
                    #sound
                {
                    fn lend(_: &__C) {}
                }
            },
        };
    };
    let text = code(&ty);
    let word = word(&ty);
    without_self(&mut ty, &name.clone().into());
    Context {
        inside: quote! {
            type Context<'c> = __Context<'c>;
            type Itself = dyn __p::Alone<#name, <#name as __p::NameContext>::Name>;
            type Absent = __p::Never<#name>;

            fn itself(__no_store: &mut Self::Itself) -> (&mut Self, &'static Self::Absent) {
                match __p::Alone::never(__no_store) {}
            }

            fn any_context<'c>(
                __context: <Self as #pf::Shared>::Context<'c>,
            ) -> __p::Option<&'c dyn __p::Any> {
                __p::Option::Some(__context.0)
            }
        },
        described: Some(quote!(.with_context(#text))),
        named: Some(quote! {
            const _: () = {
                pub struct #word;

                #[automatically_derived]
                impl #pf::__private::NameContext for #name {
                    type Name = #word;
                }
            };
        }),
        // The store is public where the type of its context may be private, so it names another.
        impls: quote! {
            pub struct __Context<'c>(&'c #ty);

            #[automatically_derived]
            impl __p::Copy for __Context<'_> {}

            #[automatically_derived]
            impl __p::Clone for __Context<'_> {
                fn clone(&self) -> Self {
                    *self
                }
            }

            #[automatically_derived]
            impl __p::IsContext<#name, #ty> for #ty {
                fn get(&self) -> &Self {
                    self
                }
            }

            #[automatically_derived]
            impl<__C> __p::InContext<__C> for #name
            where
                __C: __p::IsContext<#name, #ty> + ?__p::Sized,
                #sound
            {
                fn lend(__context: &__C) -> <Self as #pf::Shared>::Context<'_> {
                    __Context(__p::IsContext::get(__context))
                }
            }

            #[automatically_derived]
            impl<__S> __p::SharesContext<__S, #ty> for #name {}

            #[automatically_derived]
            impl __p::ContextOf<#ty> for #name
            where
                #sound
            {
                fn open<'c>(__context: <Self as #pf::Shared>::Context<'c>) -> &'c #ty {
                    __context.0
                }
            }
        },
    }
}

/// The last name of the type, as a word of the macro's.
fn word(ty: &Type) -> Ident {
    let last = match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    };
    let mut word = last.map_or_else(|| format_ident!("Context"), |last| last.ident.clone());
    word.set_span(Span::call_site());
    word
}

/// The check that threads can share it, on the type.
pub(super) fn check(store: &Store<'_>) -> Option<TokenStream> {
    let mut ty = store.context.clone()?;
    let (text, span) = (code(&ty), ty.span());
    without_self(&mut ty, &ours(store.name).into());
    let arguments =
        quote!(#text, __p::ThreadSafety::<#ty>::__SEND, __p::ThreadSafety::<#ty>::__SYNC);
    let call = quote_spanned!(span=> __p::check_context(#arguments));
    Some(quote!(__p::Sound<{ #call }>))
}
