//! The bodies of the steps: borrow, call, write.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Path};

use super::{Node, field_name, in_struct, nanos, value};
use crate::krate::Krate;
use crate::node::model::{Form, Kind, Output, Parameter, Step};
use crate::node::options::Options;

impl Node<'_> {
    /// The body of `reads`: borrows the fields that `exec` and `fallback` name.
    pub(super) fn borrowing(&self) -> TokenStream {
        let pf = self.pf;
        if !self.sound {
            return quote!(::core::unreachable!());
        }
        let borrowed = self.model.borrowed();
        let borrows = borrowed.iter().map(|parameter| self.borrow(parameter, Where::Prep));
        let names = borrowed.iter().map(|parameter| &parameter.name);
        let locals = borrowed.iter().map(|parameter| local(&parameter.name));
        quote! {
            #(#borrows)*
            #pf::__private::Result::Ok(__Reads {
                #(#names: #locals,)*
                __store: ::core::marker::PhantomData,
            })
        }
    }

    /// What they borrow, once `prep` has looked that all of it is filled.
    fn borrowed(&self) -> Option<TokenStream> {
        let (pf, store) = (self.pf, self.store);
        (!self.model.borrowed().is_empty()).then(|| {
            quote! {
                let #pf::__private::Result::Ok(__reads) = <Self as #pf::Node<#store, __Here>>::reads(__shared) else {
                    ::core::unreachable!()
                };
            }
        })
    }

    pub(super) fn prep(&self) -> TokenStream {
        let pf = self.pf;
        let prep = self.model.prep.as_ref().map(|prep| {
            let (borrows, call) = (self.borrows(prep, Where::Prep), self.call(prep));
            let error = self.failure(quote!(false), prep.output.error_span);
            let unwrap = if prep.output.fallible {
                quote! {
                    match __prep {
                        #pf::__private::Result::Ok(prep) => prep,
                        #pf::__private::Result::Err(__error) => {
                            return #pf::__private::Result::Err(#error);
                        }
                    }
                }
            } else {
                quote!(__prep)
            };
            let kept =
                self.model.keeps_prep().then(|| quote!(let __prep = #pf::__private::Kept::new(__prep);));
            quote!(let __prep = { #borrows #call }; let __prep = #unwrap; #kept)
        });
        let store = self.store;
        let look = (!self.model.borrowed().is_empty())
            .then(|| quote!(<Self as #pf::Node<#store, __Here>>::reads(__shared)?;));
        let stated = self.model.options.reads.iter().flat_map(|(_, fields)| fields);
        let stated = stated.map(|field| quote!(let _ = &__shared.#field;));
        let items = self.items();
        let value = if self.has_prep() {
            let items = items.as_ref().map(|_| quote!(__items,));
            let prep = self.model.prep.as_ref().map(|_| quote!(__prep,));
            quote!(__Prep { #prep #items __store: ::core::marker::PhantomData })
        } else {
            quote!(())
        };
        quote! {
            #(#stated)*
            #look
            #items
            #prep
            #pf::__private::Result::Ok(#value)
        }
    }

    /// Gathers the items of a batch from the field that holds them.
    fn items(&self) -> Option<TokenStream> {
        let pf = self.pf;
        let field = self.model.each_field()?;
        let (name, each) = self.model.each()?;
        let (item, local, empty) = (in_struct(&each.item), local(field), self.empty(field, Where::Prep));
        // On the user's tokens: a field that does not iterate, and an item of another type.
        let (from, value) = (Ident::new("__from", field.span()), Ident::new("__item", name.span()));
        Some(quote! {
            let __items = {
                let #local = (&__shared.#field).__read();
                let #from = match #local {
                    #pf::__private::Option::Some(#from) => #from,
                    #pf::__private::Option::None => return #pf::__private::Result::Err(#empty),
                };
                let mut __items: ::std::vec::Vec<#item> = ::std::vec::Vec::new();
                for #value in #from {
                    let #value: #item = #value;
                    __items.push(#value);
                }
                __items
            };
        })
    }

    /// What is said of a late field that is empty against the flow's proof.
    fn empty(&self, field: &Ident, place: Where) -> TokenStream {
        let pf = self.pf;
        let (store, text) = (self.store, field_name(field));
        let empty = quote!(<#store as #pf::Shared>::STORE.empty(#text));
        match place {
            Where::Prep => quote!(#pf::Failure::of(#empty)),
            Where::Post => empty,
        }
    }

    /// Borrows the fields that a step names.
    fn borrows(&self, step: &Step, place: Where) -> TokenStream {
        let borrows = step.parameters.iter().map(|parameter| self.borrow(parameter, place));
        quote!(#(#borrows)*)
    }

    fn borrow(&self, Parameter { name, kind }: &Parameter, place: Where) -> TokenStream {
        let pf = self.pf;
        let local = local(name);
        let a = match place {
            Where::Prep => quote!('a),
            Where::Post => quote!('_),
        };
        match kind {
            Kind::Field(ty) => {
                let (ty, value) =
                    (in_struct(ty), Ident::new("__value", name.span().resolved_at(Span::mixed_site())));
                let empty = self.empty(name, place);
                // The binding comes before the question whether it is there, or rustc would talk about that in its messages.
                quote! {
                    let #local = (&__shared.#name).__read();
                    let #local: &#a #ty = match #local {
                        #pf::__private::Option::Some(#value) => #value,
                        #pf::__private::Option::None => {
                            return #pf::__private::Result::Err(#empty);
                        }
                    };
                }
            }
            Kind::Peek(ty) => {
                let (ty, value) =
                    (in_struct(ty), Ident::new("__value", name.span().resolved_at(Span::mixed_site())));
                // rustc does not coerce inside an `Option`.
                quote! {
                    let #local = (&__shared.#name).__read();
                    let #local: #pf::__private::Option<&#a #ty> = match #local {
                        #pf::__private::Option::Some(#value) => {
                            let #value: &#a #ty = #value;
                            #pf::__private::Option::Some(#value)
                        }
                        #pf::__private::Option::None => #pf::__private::Option::None,
                    };
                }
            }
            Kind::FieldMut => quote!(let #local = &mut __shared.#name;),
            _ => TokenStream::new(),
        }
    }

    /// Calls a step in `prep` or `post`, where the borrowed fields are local variables.
    fn call(&self, step: &Step) -> TokenStream {
        let arguments = step.parameters.iter().map(|Parameter { name, kind }| match kind {
            Kind::Field(_) | Kind::Peek(_) | Kind::FieldMut => {
                let local = local(name);
                quote!(#local)
            }
            Kind::Shared => quote!(&*__shared),
            Kind::SharedMut => quote!(&mut *__shared),
            Kind::Prep => quote!(&__kept),
            Kind::PrepOwned => quote!(__kept),
            Kind::Exec => quote!(__exec),
            Kind::ExecRef => quote!(&__exec),
            Kind::Attempt | Kind::Error | Kind::Each(_) | Kind::Item => TokenStream::new(),
        });
        self.invoke(step, quote!(#(#arguments),*))
    }

    /// Calls a step in `exec` or `fallback`, where the borrowed fields are in the struct of reads.
    fn call_with_reads(&self, step: &Step) -> TokenStream {
        let arguments = step.parameters.iter().map(|Parameter { name, kind }| match kind {
            Kind::Prep => self.prepared(quote!(__prep), Span::call_site()),
            Kind::Attempt => quote!(__attempt),
            Kind::Error => quote!(__error),
            Kind::Each(_) | Kind::Item => quote!(__item),
            _ => quote!(__reads.#name),
        });
        self.invoke(step, quote!(#(#arguments),*))
    }

    fn invoke(&self, step: &Step, arguments: TokenStream) -> TokenStream {
        let (node, name) = (&self.model.node, &step.name);
        match self.model.form {
            Form::Function(_) => quote!(#name(#arguments)),
            Form::Methods if step.takes_self => quote!(<#node>::#name(self, #arguments)),
            Form::Methods => quote!(<#node>::#name(#arguments)),
        }
    }

    pub(super) fn exec(&self) -> TokenStream {
        let pf = self.pf;
        let exec = &self.model.exec;
        let (borrowed, call) = (self.borrowed(), self.call_with_reads(exec));
        let (name, span) = (exec.name.span(), exec.output.span);
        let retry = match &self.model.options.retry_if {
            Some(path) => quote_spanned!(path.span()=> #path(&__error)),
            None => quote!(true),
        };
        // On the user's token, so that a future that cannot be sent is reported there.
        let exec = if exec.is_async {
            // Not in another future: each adds to the size of every one around it.
            let output = Ident::new("__output", name.resolved_at(Span::mixed_site()));
            let result = self.result(exec, output.to_token_stream(), retry);
            quote_spanned!(name=> #pf::__private::outcome(#call, |#output| #result))
        } else {
            let result = self.result(exec, call, retry);
            quote_spanned!(span=> async move { #result })
        };
        let exec = match &self.model.options.timeout {
            Some(limit) => {
                let limit = nanos(pf, limit);
                quote!(#pf::__private::within(#limit, #exec))
            }
            None => exec,
        };
        quote!(#borrowed #exec)
    }

    /// The result of a step, with the user's error as a failure.
    fn result(&self, step: &Step, output: TokenStream, retry: TokenStream) -> TokenStream {
        let pf = self.pf;
        if !step.output.fallible {
            return quote!(#pf::__private::Result::Ok(#output));
        }
        let error = self.failure(retry, step.output.error_span);
        quote! {
            match #output {
                #pf::__private::Result::Ok(__value) => #pf::__private::Result::Ok(__value),
                #pf::__private::Result::Err(__error) => {
                    #pf::__private::Result::Err(#error)
                }
            }
        }
    }

    /// On the user's token, so that an error type that will not do is reported there.
    fn failure(&self, retry: TokenStream, span: Span) -> TokenStream {
        let pf = self.pf;
        quote_spanned! {span=>
            {
                let __retry = #retry;
                let __raised = #pf::__private::Raised(__error).kind();
                #pf::__private::IntoFailure::into_failure(__raised, __retry)
            }
        }
    }

    pub(super) fn fallback(&self) -> TokenStream {
        let pf = self.pf;
        let body = match (&self.model.fallback, &self.model.options.fallback) {
            (Some(step), _) => {
                let call = self.call_with_reads(step);
                let output =
                    if step.is_async { quote_spanned!(step.name.span()=> #call.await) } else { call };
                self.result(step, output, quote!(false))
            }
            (None, Some(path)) => {
                let exec = &self.model.exec;
                let ty = &exec.output.ty;
                let item = self.model.each().map(|_| quote!(__item,));
                let outcome = quote_spanned! {path.span()=>
                    #pf::__private::IntoOutcome::<#ty, _>::into_outcome(#path(&__reads, #item __error)).await
                };
                self.result(exec, outcome, quote!(false))
            }
            (None, None) => return TokenStream::new(),
        };
        let (store, reads) = (self.store, self.reads_for_fallback());
        quote! {
            #[allow(unused_variables, clippy::all)]
            fn fallback(
                &self,
                __shared: &#store,
                __prep: &Self::Prep<'_>,
                __item: Self::Item<'_>,
                __error: #pf::Error,
            ) -> impl #pf::__private::Future<
                Output = #pf::__private::Result<Self::Exec, #pf::Failure>,
            > + Send {
                async move {
                    #reads
                    #body
                }
            }
        }
    }

    /// What a fallback may read: as a function of its own it is given it all, even if there is nothing.
    fn reads_for_fallback(&self) -> Option<TokenStream> {
        self.borrowed().or_else(|| {
            self.model
                .options
                .fallback
                .as_ref()
                .map(|_| quote!(let __reads = __Reads { __store: ::core::marker::PhantomData };))
        })
    }

    pub(super) fn post(&self) -> TokenStream {
        let pf = self.pf;
        let Options { writes, appends, .. } = &self.model.options;
        let store = self.store;
        let Some(post) = &self.model.post else {
            let span = self.model.exec.output.span;
            let exec = exec_at(span);
            return match (writes, appends) {
                (Some(writes), _) if writes.tuple => {
                    let fields = &writes.fields;
                    let values: Vec<_> =
                        fields.iter().map(|f| format_ident!("__{}", f, span = span)).collect();
                    quote! {
                        let (#(#values,)*) = #exec;
                        #(#pf::__private::Slot(&mut __shared.#fields).__write(|| #values);)*
                        #pf::__private::Result::Ok(0)
                    }
                }
                (Some(writes), _) => {
                    let fields = &writes.fields;
                    quote! {
                        #(#pf::__private::Slot(&mut __shared.#fields).__write(|| #exec);)*
                        #pf::__private::Result::Ok(0)
                    }
                }
                (None, Some(field)) => quote! {
                    let #field = #pf::__private::Slot(&mut __shared.#field).__place();
                    #pf::__private::Append::append(#field, #exec);
                    #pf::__private::Result::Ok(0)
                },
                // Each exec of a batch returns a value: with no place for them to go, they are nothing.
                (None, None) if self.model.each().is_some() => {
                    let value = value(pf, &self.model.exec.output);
                    quote_spanned! {span=>
                        let () = <#value as #pf::__private::Nothing>::NOTHING;
                        #pf::__private::Result::Ok(0)
                    }
                }
                (None, None) => {
                    let take = take(pf, &self.model.exec.output, store, exec);
                    quote!(#pf::__private::Result::Ok(#take))
                }
            };
        };
        let (borrows, call) = (self.borrows(post, Where::Post), self.call(post));
        let filled = writes.iter().flat_map(|writes| &writes.fields).map(|field| {
            let text = field_name(field);
            quote! {
                if (&__shared.#field).__read().is_none() {
                    return #pf::__private::Result::Err(<#store as #pf::Shared>::STORE.empty(#text));
                }
            }
        });
        let take = take(pf, &post.output, store, quote_spanned!(post.output.span=> __action));
        quote! {
            let __action = { #borrows #call };
            let __action = #take;
            #(#filled)*
            #pf::__private::Result::Ok(__action)
        }
    }
}

/// What `exec` returned, in `post`.
fn exec_at(span: Span) -> TokenStream {
    Ident::new("__exec", span).into_token_stream()
}

/// Takes an action. The type is named on the user's token, where its description names it too, so that a type which is no
/// action is reported once.
fn take(pf: &Krate, output: &Output, store: &Path, action: TokenStream) -> TokenStream {
    let value = value(pf, output);
    quote_spanned!(output.span=> <#value as #pf::__private::Take<#store>>::take(#action, __shared))
}

/// Where a field is borrowed.
#[derive(Clone, Copy)]
enum Where {
    Prep,
    Post,
}

/// The variable of a borrowed field: no name of the user's.
fn local(name: &Ident) -> Ident {
    format_ident!("__{}", name, span = name.span())
}
