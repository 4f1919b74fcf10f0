//! The impls of a store.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;

use super::parse::Store;
use super::{context, fields, inner, thread_safety, visits};
use crate::names::ours;
use crate::refusal::Errors;

/// A store with an error, about which nothing is known, so that nodes and flows report nothing
/// more.
fn nothing(store: &Store<'_>, errors: &TokenStream) -> TokenStream {
    let (pf, name, alias) = (&store.krate, ours(store.name), store.krate.alias());
    let (generics, arguments, _) = store.generics.split_for_impl();
    let mut in_any = store.generics.clone();
    in_any.params.push(syn::parse_quote!(__C: ?__p::Sized));
    let (context_generics, ..) = in_any.split_for_impl();
    quote! {
        #errors
        const _: () = {
            #alias
            #[automatically_derived]
            impl #generics __p::BetweenThreads for #name #arguments
            where
                Self: __p::Send + __p::Sync + 'static,
            {
            }

            #[automatically_derived]
            impl #generics #pf::Shared for #name #arguments
            where
                Self: __p::Send + __p::Sync + 'static,
            {
                type Context<'c> = ();
                type Itself = Self;
                type Absent = #pf::NoContext;
                const STORE: &'static #pf::Store = &#pf::Store::new("", "", &[]);
                fn itself(__shared: &mut Self) -> (&mut Self, &'static #pf::NoContext) {
                    (__shared, &#pf::NoContext)
                }
                fn is_filled(&self, _: __p::usize) -> __p::bool {
                    false
                }
            }

            #[automatically_derived]
            impl #context_generics __p::InContext<__C> for #name #arguments
            where
                Self: __p::Send + __p::Sync + 'static,
            {
                fn lend(_: &__C) {}
            }
        };
    }
}

pub(super) fn expand(store: &Store<'_>, errors: &Errors) -> TokenStream {
    let (pf, text, errors) = (
        &store.krate,
        store.name.unraw().to_string(),
        errors.to_compile_errors(),
    );
    if store.is_generic {
        return nothing(store, &errors);
    }
    let name = ours(store.name);
    let fields = store
        .fields
        .iter()
        .map(|field| field.describe(pf, &store.serde));
    let filled = store
        .fields
        .iter()
        .enumerate()
        .map(|(index, fields::Field { name, ty, .. })| {
            let name = ours(name);
            quote!(#index => __p::FieldKind::<#ty>::__filled(&self.#name))
        });
    let cleared: Vec<_> = store
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.may_be_late())
        .map(|(index, fields::Field { name, ty, .. })| {
            let name = ours(name);
            quote!(#index => __p::FieldKind::<#ty>::__clear(&mut self.#name))
        })
        .collect();
    let cleared = (!cleared.is_empty()).then(|| {
        quote! {
            fn clear_field(&mut self, __field: __p::usize) {
                match __field {
                    #(#cleared,)*
                    _ => {}
                }
            }
        }
    });
    let failures: Vec<_> = store
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.is_failure())
        .map(|(index, fields::Field { name, ty, .. })| {
            let name = ours(name);
            quote!(#index => __p::FieldKind::<#ty>::__failure(&mut self.#name))
        })
        .collect();
    let failures = (!failures.is_empty()).then(|| {
        quote! {
            fn failure_slot(
                &mut self,
                __field: __p::usize,
            ) -> __p::Option<&mut __p::Option<__p::Failed>> {
                use __p::NoFailure as _;
                match __field {
                    #(#failures,)*
                    _ => __p::Option::None,
                }
            }
        }
    });
    let checks: Vec<_> = store
        .fields
        .iter()
        .filter_map(|field| thread_safety::check(&name, field))
        .chain(context::check(store))
        .collect();
    let (checks, sound) = match &checks[..] {
        [] => (None, None),
        checks => (
            Some(quote!(type __Sound = (#(#checks,)*);)),
            Some(quote!(__Sound: __p::Soundness,)),
        ),
    };
    let context = context::context(store, sound.as_ref());
    let inner_store = inner::inner_store(&store.fields);
    let inner = inner::impls(pf, &name, &store.fields, sound.as_ref());
    let visits = visits::visits(pf, &name, &store.serde, &store.fields, sound.as_ref());
    let context::Context {
        inside,
        described,
        impls,
        named,
    } = &context;
    // Behind a static, because rustc copies a constant to every place that names it.
    let description = quote! {
                const STORE: &'static #pf::Store = {
                    static __STORE: #pf::Store = #pf::Store::new(
                        #text,
                        ::core::concat!(
                            ::core::module_path!(), "::", #text, " at ", ::core::file!(), ":", ::core::line!(),
                            ":", ::core::column!()
                        ),
                        <#name as #pf::Shared>::FIELDS,
                    )#described;
                    &__STORE
                };
    };
    let (allow, unused, alias) = (store.allow, pf.allow_unused(), pf.alias());
    quote! {
        #errors
        #named
        #allow
        const _: () = {
            #alias
            #unused
            use #pf::__private::{NoStoreDefault as _, NotThreadSafe as _, PlainField as _};

            #checks

            #[automatically_derived]
            impl __p::BetweenThreads for #name
            where
                #sound
            {
            }

            #[automatically_derived]
            impl #pf::Shared for #name
            where
                #sound
            {
                #inside

                const FIELDS: &'static [#pf::Field] = &[#(#fields),*];

                #description

                fn is_filled(&self, __field: __p::usize) -> __p::bool {
                    match __field {
                        #(#filled,)*
                        _ => false,
                    }
                }

                #cleared

                #failures

                #inner_store

                fn blank() -> __p::Option<Self> {
                    __p::StoreDefault::<#name>::__default()
                }
            }

            #impls

            #inner

            #visits
        };
    }
}
