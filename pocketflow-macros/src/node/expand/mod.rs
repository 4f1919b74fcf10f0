//! From the model to the node's impls.

mod steps;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Lifetime, Path, Type};

use super::model::{Form, Kind, Model, Output, Parameter};
use super::options::{Given, Options, Width};
use super::types::rename_lifetimes;
use crate::errors::Errors;
use crate::krate::Krate;

/// Writes the node. With an error it is still a node of its store that reads, writes and returns what it says, so that a flow it
/// stands in has nothing to add.
pub(crate) fn expand(model: &Model, errors: &Errors, sound: bool) -> TokenStream {
    let (item, compile_errors) = (&model.item, errors.to_compile_errors());
    let Some(store) = &model.options.store else { return quote!(#compile_errors #item) };
    let node = Node { model, store, pf: &model.options.krate, known: sound, sound: errors.is_empty() };
    let (declaration, inside) = (node.declaration(), node.inside());
    quote! {
        #compile_errors
        #item
        #declaration
        const _: () = { #inside };
    }
}

struct Node<'a> {
    model: &'a Model,
    store: &'a Path,
    /// The library.
    pf: &'a Krate,
    /// Whether all of the node could be read, so that it can be described.
    known: bool,
    /// Whether the steps can be called.
    sound: bool,
}

impl Node<'_> {
    /// The type of a function's node. It lives in the namespace of types alone, so the function keeps its name.
    fn declaration(&self) -> TokenStream {
        let Form::Function(visibility) = &self.model.form else { return TokenStream::new() };
        let name = &self.model.name;
        let doc = format!("The node of the function [`{name}`](fn@{name}).");
        quote! {
            #[doc = #doc]
            #[allow(non_camel_case_types)]
            #[allow(missing_copy_implementations, missing_debug_implementations)]
            #visibility struct #name {}
        }
    }

    fn inside(&self) -> TokenStream {
        let pf = self.pf;
        let (describe, reads, node) = (self.describe(), self.reads(), self.node());
        let (store, name) = (self.store, &self.model.node);
        let (step, part, mode, exec) = match self.model.each() {
            Some(_) => (quote!(batch_step), quote!(batch_part), quote!(ItemMode), None),
            None => (quote!(node_step), quote!(node_part), quote!(NodeMode), Some(quote!(, _))),
        };
        quote! {
            #[allow(unused_imports)]
            use #pf::__private::{FillPlain as _, RaisePlain as _, ReadLate as _, ReadPlain as _};

            struct __Here;
            #describe
            #reads
            #node

            impl<__M> #pf::__private::Step<#store, __M> for #name
            where
                __M: #pf::__private::#mode<#store, __Here, #name>,
            {
                fn step<'a, __G>(
                    get: __G,
                    here: &'a mut #pf::__private::Here<'_, __M>,
                    shared: &'a mut #store,
                ) -> impl #pf::__private::Future<
                    Output = #pf::__private::Result<usize, #pf::Error>,
                > + Send
                where
                    __G: #pf::__private::Get<'a, Self>,
                {
                    #pf::__private::#step::<_, __Here, Self, __M, __G #exec>(get, here, shared)
                }
            }

            // Public with a private field: the public trait would not let it name types of the user's.
            pub struct __Finished(#pf::__private::Finished<#store, __Here, #name>);

            impl<__M> #pf::__private::Part<#store, __M> for #name
            where
                __M: #pf::__private::ItemMode<#store, __Here, #name>,
            {
                type Finished = __Finished;
                fn exec<'n: 'a, 'a, __G>(
                    get: __G,
                    fork: &'a #pf::__private::Fork<'a, #store, __M>,
                ) -> impl #pf::__private::Future<
                    Output = #pf::__private::Result<__Finished, #pf::Error>,
                > + #pf::__private::Send
                where
                    __G: #pf::__private::Get<'n, Self>,
                {
                    #pf::__private::#part::<_, __Here, Self, __M, __G #exec, _>(get, fork, __Finished)
                }
                fn post(
                    &self,
                    shared: &mut #store,
                    finished: __Finished,
                ) -> #pf::__private::Result<usize, #pf::EmptyField> {
                    finished.0.post(self, shared)
                }
            }
        }
    }

    /// The constants that the checks of a flow work on.
    fn describe(&self) -> TokenStream {
        let pf = self.pf;
        let (store, node, text) = (self.store, &self.model.node, self.model.name.to_string());
        if !self.known {
            return quote! {
                impl #pf::__private::Describe for #node {
                    const NODE: #pf::NodeInfo = #pf::__private::UNKNOWN;
                }
            };
        }
        let store_type = quote_spanned!(store.span()=> <#store as #pf::Shared>::STORE);
        let names = |is: fn(&Kind) -> bool| {
            let named = self.model.parameters().filter(move |parameter| is(&parameter.kind));
            named.map(|parameter| field_name(&parameter.name)).collect::<Vec<_>>()
        };
        let Options { reads, writes, appends, .. } = &self.model.options;
        let mut read = names(|kind| matches!(kind, Kind::Field(_)));
        read.extend(self.model.each_field().map(field_name));
        let mut peeked = names(|kind| matches!(kind, Kind::Peek(_) | Kind::FieldMut));
        peeked.extend(appends.iter().map(field_name));
        let whole = self.model.parameters().any(|p| matches!(p.kind, Kind::Shared | Kind::SharedMut));
        let mut peeks = quote!(__STORE.set::<__WORDS>(&[#(#peeked),*]));
        if whole {
            match reads {
                Some((_, fields)) => read.extend(fields.iter().map(field_name)),
                None => peeks = quote!(__STORE.all::<__WORDS>()),
            }
        }
        let written: Vec<_> =
            writes.iter().flat_map(|writes| &writes.fields).chain(appends).map(field_name).collect();
        // A fork asks for more than what is filled: whatever `post` borrows to change.
        let borrowed = names(|kind| matches!(kind, Kind::FieldMut));
        let may_change_all = self.model.parameters().any(|p| matches!(p.kind, Kind::SharedMut));
        let changes = match writes {
            None if may_change_all => quote!(__STORE.all::<__WORDS>()),
            _ => quote! {
                #pf::__private::changes::<__WORDS>(__STORE, &[#(#written,)* #(#borrowed),*], __ACTIONS)
            },
        };
        let actions = self.actions();
        quote! {
            impl #pf::__private::Describe for #node {
                const NODE: #pf::NodeInfo = {
                    const __STORE: &#pf::Store = #store_type;
                    const __WORDS: usize = __STORE.words();
                    const __ACTIONS: &[#pf::ActionInfo] = #actions;
                    #pf::NodeInfo {
                        name: #text,
                        store: __STORE,
                        actions: &#pf::__private::names::<{ __ACTIONS.len() }>(__ACTIONS),
                        reads: &__STORE.set::<__WORDS>(&[#(#read),*]),
                        peeks: &#peeks,
                        writes: &#pf::__private::writes::<{ __ACTIONS.len() * __WORDS }>(
                            __STORE, &[#(#written),*], __ACTIONS,
                        ),
                        changes: &#changes,
                        flow: #pf::__private::Option::None,
                        waits: #pf::__private::Option::None,
                    }
                };
            }
        }
    }

    /// What the node returns: the action of its last step, or `default` where its value goes to a field.
    fn actions(&self) -> TokenStream {
        let pf = self.pf;
        let Options { writes, appends, .. } = &self.model.options;
        let output = match &self.model.post {
            Some(post) => &post.output,
            None if writes.is_some() || appends.is_some() || self.model.each().is_some() => {
                return quote!(&[#pf::ActionInfo::DEFAULT]);
            }
            None => &self.model.exec.output,
        };
        let (value, store) = (value(pf, output), self.store);
        quote_spanned!(output.span=> <#value as #pf::__private::Take<#store>>::TAKEN)
    }

    /// Whether there is anything that `prep` makes of the store.
    fn has_prep(&self) -> bool {
        self.model.prep.is_some() || self.model.each_field().is_some()
    }

    /// What the node's own `prep` returned, borrowed.
    fn prepared(&self, prep: TokenStream, span: Span) -> TokenStream {
        if self.model.keeps_prep() {
            quote_spanned!(span=> #prep.__prep.get())
        } else {
            quote_spanned!(span=> &#prep.__prep)
        }
    }

    /// The structs of what `prep` made, and of what the node reads.
    fn reads(&self) -> TokenStream {
        let pf = self.pf;
        let node = &self.model.node;
        let visibility = match &self.model.form {
            Form::Function(visibility) => visibility.clone(),
            Form::Methods => syn::Visibility::Inherited,
        };
        let prep = self.model.prep.as_ref().map(|prep| {
            let ty = in_struct(&prep.output.ty);
            let ty = if prep.output.fallible {
                quote!(<#ty as #pf::__private::Fallible>::Value)
            } else {
                quote!(#ty)
            };
            if self.model.keeps_prep() {
                quote!(__prep: #pf::__private::Kept<#ty>,)
            } else {
                quote!(__prep: #ty,)
            }
        });
        // The items are gathered once, by reference: every exec and every try of it gets its own from here.
        let items = self.model.each_field().and(self.model.each()).map(|(_, each)| {
            let item = in_struct(&each.item);
            quote!(__items: ::std::vec::Vec<#item>,)
        });
        let prepared = self.has_prep().then(|| {
            quote! {
                #[allow(dead_code, private_interfaces)]
                pub struct __Prep<'a> {
                    #prep
                    #items
                    __store: ::core::marker::PhantomData<&'a ()>,
                }
            }
        });
        let fields = self.model.borrowed().into_iter().map(|Parameter { name, kind }| {
            let ty = borrowed_type(pf, kind);
            let doc = format!("The field `{name}` of the store.");
            quote!(#[doc = #doc] #visibility #name: #ty,)
        });
        quote! {
            #prepared

            #[allow(dead_code, private_interfaces)]
            pub struct __Reads<'a> {
                #(#fields)*
                __store: ::core::marker::PhantomData<&'a ()>,
            }

            impl #pf::__private::HasReads for #node {
                type Reads<'a> = __Reads<'a>;
            }
        }
    }

    fn node(&self) -> TokenStream {
        let pf = self.pf;
        let (store, node) = (self.store, &self.model.node);
        let policy = self.policy();
        let exec = &self.model.exec.output;
        let exec_type = value(pf, &Output { ty: inner(&exec.ty), ..*exec });
        let (item, done) = match self.model.each() {
            Some((_, each)) => (in_struct(&each.item).to_token_stream(), quote!(::std::vec::Vec<Self::Exec>)),
            None => (quote!(()), quote!(Self::Exec)),
        };
        let work = self.work();
        let prepared = if self.has_prep() { quote!(__Prep<'a>) } else { quote!(()) };
        let kept = match &self.model.prep {
            Some(prep) if self.model.keeps_prep() && self.sound => value(pf, &prep.output),
            _ => quote!(()),
        };
        let keep = (self.model.keeps_prep() && self.sound).then(|| quote!(prep.__prep.take()));
        let (prep, exec, post) = if self.sound {
            (self.prep(), self.exec(), self.post())
        } else {
            let never = quote!(::core::unreachable!());
            (never.clone(), quote!(async move { #never }), never)
        };
        let fallback = self.sound.then(|| self.fallback());
        let borrowing = self.borrowing();
        // On the user's token, so that a future that cannot be sent is reported there.
        let future = quote_spanned! {self.model.exec.name.span()=>
            impl #pf::__private::Future<
                Output = #pf::__private::Result<Self::Exec, #pf::Failure>,
            > + Send
        };
        quote! {
            #work

            impl #pf::Node<#store, __Here> for #node {
                const POLICY: #pf::Policy = #policy;
                type Prep<'a> = #prepared;
                type Item<'a> = #item;
                type Exec = #exec_type;
                type Done = #done;
                type Kept = #kept;

                #[allow(unused_variables, clippy::all)]
                #[inline]
                fn prep<'a>(
                    &'a self,
                    __shared: &'a #store,
                ) -> #pf::__private::Result<Self::Prep<'a>, #pf::Failure> {
                    #prep
                }

                #[allow(unused_variables, clippy::all)]
                #[inline]
                fn reads<'a>(
                    __shared: &'a #store,
                ) -> #pf::__private::Result<Self::Reads<'a>, #pf::Failure> {
                    #borrowing
                }

                #[allow(unused_variables, clippy::all)]
                #[inline]
                fn exec(
                    &self,
                    __shared: &#store,
                    __prep: &Self::Prep<'_>,
                    __item: Self::Item<'_>,
                    __attempt: #pf::Attempt<'_>,
                ) -> #future {
                    #exec
                }

                #fallback

                #[allow(unused_variables)]
                #[inline]
                fn keep(prep: &mut Self::Prep<'_>) -> Self::Kept {
                    #keep
                }

                #[allow(unused_variables, clippy::all)]
                #[inline]
                fn post(
                    &self,
                    __shared: &mut #store,
                    __kept: Self::Kept,
                    __exec: Self::Done,
                ) -> #pf::__private::Result<usize, #pf::EmptyField> {
                    #post
                }
            }
        }
    }

    /// What comes between `prep` and `post`.
    fn work(&self) -> TokenStream {
        let pf = self.pf;
        let (store, node) = (self.store, &self.model.node);
        let width = self.model.options.parallel.as_ref().map(|given| &given.value);
        let configured = match (width, &self.model.form) {
            (Some(Width::Field(field)), Form::Methods) => {
                let width = Ident::new("width", Span::call_site());
                Some(quote_spanned! {field.span()=>
                    let #width = #pf::__private::InFlight::in_flight(&visit.node().#field);
                })
            }
            _ => None,
        };
        let work = match (self.model.each(), width) {
            (None, _) => quote!(once(visit)),
            (Some(_), None) => quote!(in_sequence(visit)),
            (Some(_), Some(Width::Items(width))) => quote!(in_parallel(visit, #width)),
            (Some(_), Some(Width::Field(_))) if configured.is_none() => quote!(in_sequence(visit)),
            (Some(_), Some(Width::Field(_))) => quote!(in_parallel(visit, width)),
            (Some(_), Some(Width::Unbounded)) => quote!(in_parallel(visit, usize::MAX)),
        };
        let items = self.model.each().map(|(name, each)| {
            let items = match self.model.each_field() {
                _ if !self.sound => quote!(::core::iter::empty()),
                Some(_) => quote!(prep.__items.iter().copied()),
                None => {
                    let item = in_lifetime(&each.item, "'p");
                    let (from, value) =
                        (self.prepared(quote!(prep), each.source.span()), Ident::new("item", name.span()));
                    quote! {
                        ::core::iter::IntoIterator::into_iter(#from).map(|#value| {
                            let #value: #item = #value;
                            #value
                        })
                    }
                }
            };
            quote! {
                impl #pf::__private::Items<#store, __Here> for #node {
                    #[allow(unused_variables, clippy::all)]
                    fn items<'p>(
                        prep: &'p Self::Prep<'_>,
                    ) -> impl ::core::iter::Iterator<Item = Self::Item<'p>> + Send {
                        #items
                    }
                }
            }
        });
        quote! {
            #items

            impl #pf::__private::Work<#store, __Here> for #node {
                fn work<__M>(
                    visit: #pf::__private::NodeVisit<'_, '_, #store, __Here, Self, __M>,
                ) -> impl #pf::__private::Future<
                    Output = #pf::__private::Result<Self::Done, #pf::Error>,
                > + Send
                where
                    __M: #pf::__private::ItemMode<#store, __Here, Self>,
                {
                    #configured
                    #pf::__private::#work
                }
            }
        }
    }

    fn policy(&self) -> TokenStream {
        let pf = self.pf;
        let Options { attempts, wait, backoff, max_wait, jitter, timeout, fallback, .. } =
            &self.model.options;
        let attempts = attempts.map(|given| given.value).map(|n| quote!(attempts: #n,));
        let wait = wait.as_ref().map(|time| nanos(pf, time)).map(|time| quote!(wait: #time,));
        let max_wait = max_wait.as_ref().map(|time| nanos(pf, time)).map(|time| quote!(max_wait: #time,));
        let timeout = timeout.as_ref().map(|time| nanos(pf, time));
        let timeout = timeout.map(|time| quote!(timeout: #pf::__private::Option::Some(#time),));
        let backoff = backoff.map(|given| given.value).map(|factor| quote!(backoff: #factor,));
        let jitter = jitter.map(|given| given.value).map(|part| quote!(jitter: #part,));
        let has_fallback = self.model.fallback.is_some() || fallback.is_some();
        let fallback = has_fallback.then(|| quote!(fallback: true,));
        let given = [&attempts, &wait, &max_wait, &timeout, &backoff, &jitter, &fallback];
        if given.iter().all(|given| given.is_none()) {
            return quote!(#pf::Policy::ONCE);
        }
        quote! {
            #pf::Policy {
                #attempts #wait #backoff #max_wait #jitter #timeout #fallback
                ..#pf::Policy::ONCE
            }
        }
    }
}

/// A time that was given.
fn nanos(pf: &Krate, given: &Given<std::time::Duration>) -> TokenStream {
    let nanos = u64::try_from(given.value.as_nanos()).unwrap_or(u64::MAX);
    quote!(#pf::__private::Duration::from_nanos(#nanos))
}

/// A field's name as the store's description has it.
fn field_name(name: &Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}

/// The type of what a step returns, without its `Result`.
fn value(pf: &Krate, output: &Output) -> TokenStream {
    let ty = &output.ty;
    if output.fallible {
        quote_spanned!(output.error_span=> <#ty as #pf::__private::Fallible>::Value)
    } else {
        quote!(#ty)
    }
}

/// A type with the lifetime of the struct of reads.
fn in_struct(ty: &Type) -> Type {
    in_lifetime(ty, "'a")
}

/// A type with all its lifetimes but `'static` of one name.
fn in_lifetime(ty: &Type, name: &str) -> Type {
    let mut ty = ty.clone();
    rename_lifetimes(&mut ty, &Lifetime::new(name, Span::call_site()));
    ty
}

fn borrowed_type(pf: &Krate, kind: &Kind) -> TokenStream {
    match kind {
        Kind::Peek(ty) => {
            let ty = inner(ty);
            quote!(#pf::__private::Option<&'a #ty>)
        }
        Kind::Field(ty) => {
            let ty = inner(ty);
            quote!(&'a #ty)
        }
        _ => quote!(()),
    }
}

/// A borrowed type: what it borrows in turn lives as long as the program, as all of a store does.
fn inner(ty: &Type) -> Type {
    in_lifetime(ty, "'static")
}
