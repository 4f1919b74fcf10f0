//! The bodies of the steps: borrow, call, write.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Path};

use super::reads::{Where, local, local_at};
use super::{Node, value};
use crate::duration::nanos;
use crate::node::model::Form;
use crate::node::parse::options::{Options, Value};
use crate::node::parse::{Kind, Output, Parameter, Step};
use crate::types::same;

impl Node<'_> {
    /// The work before `exec`, apart from the check that the fields it reads are filled.
    pub(super) fn prep(&self) -> Option<TokenStream> {
        if !self.has_prep() && self.model.options.reads.is_none() {
            return None;
        }
        let prep = self.model.prep.as_ref().map(|prep| {
            let (borrows, call) = (self.borrows(prep, Where::Prep), self.call(prep));
            let unwrap = if prep.output.fallible {
                let error = self.failure(quote!(false), None, prep.output.error_span);
                quote! {
                    match __prep {
                        __p::Result::Ok(__value) => __value,
                        __p::Result::Err(__error) => {
                            return __p::Result::Err(#error);
                        }
                    }
                }
            } else {
                quote!(__prep)
            };
            let kept = self
                .model
                .keeps_prep()
                .then(|| quote!(let __prep = __p::Retained::new(__prep);));
            quote!(let __prep = { #borrows #call }; let __prep = #unwrap; #kept)
        });
        let this = &self.this;
        let look = (!self.model.borrowed().is_empty())
            .then(|| quote!(#this::reads(__shared, __context)?;));
        let stated = self
            .model
            .options
            .reads
            .iter()
            .flat_map(|(_, fields)| fields);
        let stated = stated.map(|field| quote!(let _ = &__shared.#field;));
        let items = self.items();
        let value = if self.has_prep() {
            let items = items.as_ref().map(|_| quote!(__items,));
            let prep = self.model.prep.as_ref().map(|_| quote!(__prep,));
            quote!(__Prep { #prep #items __store: __p::PhantomData })
        } else {
            quote!(())
        };
        Some(quote! {
            #(#stated)*
            #look
            #items
            #prep
            __p::Result::Ok(#value)
        })
    }

    /// Calls a step in `prep` or `post`, where the borrowed fields are local variables.
    fn call(&self, step: &Step) -> TokenStream {
        let arguments = step.parameters.iter().map(
            |Parameter {
                 name, span, kind, ..
             }| match kind {
                Kind::Field(_) | Kind::Peek(_) | Kind::FieldMut | Kind::Context(_) => {
                    let local = local(name);
                    quote!(#local)
                }
                Kind::Shared => quote!(&*__shared),
                Kind::SharedMut => quote!(&mut *__shared),
                // With the span of the user's type, so that rustc reports another type there.
                Kind::Prep => quote_spanned!(at(*span)=> &__kept),
                Kind::PrepOwned => quote_spanned!(at(*span)=> __kept),
                Kind::Exec => quote_spanned!(at(*span)=> __exec),
                Kind::ExecRef => quote_spanned!(at(*span)=> &__exec),
                Kind::Attempt | Kind::Error | Kind::Each(_) | Kind::Item => TokenStream::new(),
            },
        );
        self.invoke(step, quote!(#(#arguments),*))
    }

    /// Calls a step in `exec` or `fallback`, where the borrowed fields are in the struct of reads.
    fn call_with_reads(&self, step: &Step) -> TokenStream {
        let attempt = self.attempt();
        let arguments = step.parameters.iter().map(
            |Parameter {
                 name, span, kind, ..
             }| match kind {
                Kind::Prep => {
                    let prep = quote_spanned!(at(*span)=> __prep);
                    self.prepared(prep, at(*span))
                }
                Kind::Attempt => quote!(#attempt),
                Kind::Error => quote!(__error),
                Kind::Each(_) | Kind::Item => quote!(__item),
                _ => quote!(__reads.#name),
            },
        );
        let call = self.invoke(step, quote!(#(#arguments),*));
        if step.is_async && step.ties_lifetimes {
            // The method of the trait does not have the common lifetime, and no type in this block
            // contains it.
            return quote!(async move { #call.await });
        }
        call
    }

    fn invoke(&self, step: &Step, arguments: TokenStream) -> TokenStream {
        let (node, name) = (&self.model.node, &step.name);
        match self.model.form {
            Form::Function(..) => quote!(#name(#arguments)),
            Form::Methods => {
                let this = step.takes_self.then(|| quote!(self,));
                // All tokens of the callee have the span of the step's name, because rustc also
                // points at the callee if an argument has the wrong type.
                let callee = quote_spanned!(at(name.span())=> <#node>::#name);
                quote!(#callee(#this #arguments))
            }
        }
    }

    /// The variable of the attempt, with the span of the user's type, so that rustc reports another
    /// type there.
    pub(super) fn attempt(&self) -> Ident {
        let mut parameters = self.model.exec.parameters.iter();
        let given = parameters.find(|parameter| matches!(parameter.kind, Kind::Attempt));
        Ident::new(
            "__attempt",
            given.map_or_else(Span::call_site, |given| given.span),
        )
    }

    /// The variable in `post` for the result of `exec`. If it is written to a field of another
    /// type, rustc reports that on the type that `exec` returns.
    pub(super) fn done(&self) -> Ident {
        let span = if self.model.post.is_some() {
            Span::call_site()
        } else {
            self.model.exec.output.span
        };
        Ident::new("__exec", span)
    }

    pub(super) fn exec(&self) -> TokenStream {
        let exec = &self.model.exec;
        let call = self.call_with_reads(exec);
        let (name, span) = (exec.name.span(), exec.output.span);
        let retry = match &self.model.options.retry_if {
            Some(path) => retry(path, quote_spanned!(path.span()=> &)),
            None => quote!(true),
        };
        let after = self.model.options.retry_after.as_ref().map(|path| {
            let error = error();
            quote_spanned!(path.span()=> #path(&#error))
        });
        // With the user's span, so that rustc reports a future that is not `Send` there.
        let exec = if exec.is_async && !exec.output.fallible {
            quote_spanned!(name=> __p::plain(#call))
        } else if exec.is_async {
            // This is not wrapped in another future, because each one adds to the size of every
            // future around it.
            let output = Ident::new("__output", name.resolved_at(Span::mixed_site()));
            let result = self.result(exec, output.to_token_stream(), retry, after);
            quote_spanned!(name=> __p::outcome(#call, |#output| #result))
        } else {
            let result = self.result(exec, call, retry, after);
            quote_spanned!(span=> async move { #result })
        };
        let this = &self.this;
        let limit = match &self
            .model
            .options
            .timeout
            .as_ref()
            .map(|given| &given.value)
        {
            Some(Value::Literal(limit)) => nanos(limit),
            Some(Value::Constant(_)) => quote!(__p::limit(&#this::POLICY)),
            // In `policy` rustc has reported a field of another type.
            Some(Value::OfNode(_) | Value::OfContext(_)) => {
                quote!(__p::limit(&#this::policy(self, __reads.__context)))
            }
            None => return exec,
        };
        quote!(__p::within(#limit, #exec))
    }

    /// The result of a step, with the user's error as a failure.
    fn result(
        &self,
        step: &Step,
        output: TokenStream,
        retry: TokenStream,
        after: Option<TokenStream>,
    ) -> TokenStream {
        // If a fallback does not return what `exec` returns, rustc reports that on the fallback's
        // return type.
        let span = at(step.output.span);
        let given = quote_spanned!(span=> __value);
        let checked = (step.name == "fallback").then(|| {
            let this = &self.this;
            quote!(let __value: #this::Exec = #given;)
        });
        if !step.output.fallible {
            return match checked {
                Some(checked) => {
                    quote!({ let __value = #output; #checked __p::Result::Ok(__value) })
                }
                None => quote!(__p::Result::Ok(#output)),
            };
        }
        let error = self.failure(retry, after, step.output.error_span);
        quote! {
            match #output {
                __p::Result::Ok(__value) => { #checked __p::Result::Ok(__value) }
                __p::Result::Err(__error) => __p::Result::Err(#error),
            }
        }
    }

    /// With the user's span, so that rustc reports an unsuitable error type there.
    fn failure(&self, retry: TokenStream, after: Option<TokenStream>, span: Span) -> TokenStream {
        let (error, pf) = (error(), self.pf);
        let (after, waits) = match after {
            Some(after) => (
                quote!(let __after: __p::Option<__p::Duration> = #after;),
                quote!(let __failure = #pf::Failure::retry_after(__failure, __after);),
            ),
            None => Default::default(),
        };
        let failed =
            quote_spanned!(span=> __p::IntoFailure::into_failure(__raised, __kind, __retry));
        let failed = if waits.is_empty() {
            failed
        } else {
            quote!({ let __failure = #failed; #waits __failure })
        };
        quote_spanned! {span=>
            {
                let __retry = #retry;
                #after
                let __raised = #error;
                let __kind = __p::ReturnedError(&__raised).__kind();
                #failed
            }
        }
    }

    pub(super) fn fallback(&self) -> TokenStream {
        let (pf, this) = (self.pf, &self.this);
        let body = match (&self.model.fallback, &self.model.options.fallback) {
            (Some(step), _) => {
                let call = self.call_with_reads(step);
                let output = if step.is_async {
                    quote_spanned!(step.name.span()=> #call.await)
                } else {
                    call
                };
                self.result(step, output, quote!(false), None)
            }
            (None, Some(path)) => {
                let exec = &self.model.exec;
                let ty = &exec.output.ty;
                let item = self.model.each().map(|_| quote!(__item,));
                let arguments = quote!(&__reads, #item __error);
                let outcome = quote_spanned! {path.span()=>
                    __p::IntoOutcome::<#ty, _>::into_outcome(#path(#arguments)).await
                };
                self.result(exec, outcome, quote!(false), None)
            }
            (None, None) => return TokenStream::new(),
        };
        quote! {
            fn fallback(
                &self,
                __reads: <Self as __p::Describe>::Reads<'_>,
                __prep: &#this::Prep<'_>,
                __item: #this::Item<'_>,
                __error: #pf::Error,
            ) -> impl __p::Future<
                Output = __p::Result<#this::Exec, #pf::Failure>,
            > + __p::Send {
                async move { #body }
            }
        }
    }

    pub(super) fn post(&self) -> TokenStream {
        let exec = self.done();
        // A `Result` under another name. Its check is the only error that rustc reports.
        let Options {
            writes, appends, ..
        } = &self.model.options;
        let is_given = self.model.post.is_some() || writes.is_some() || appends.is_some();
        let unwrap = (is_given && !self.of_result().is_empty() && !self.takes_all())
            .then(|| quote!(let #exec = __p::ReturnValue(#exec).__value();));
        let post = self.written();
        let failures = self.model.options.failures.as_ref();
        let failures = failures
            .filter(|_| self.model.each().is_some())
            .map(|field| {
                let place = Ident::new("__place", field.span());
                let keep = quote_spanned! {at(field.span())=>
                    __p::KeepFailures::keep(#place, __failures);
                };
                quote! {
                    let __p::Partial { values: #exec, failures: __failures } = #exec;
                    let #place = &mut __shared.#field;
                    #keep
                }
            });
        quote!(#failures #unwrap #post)
    }

    /// Whether `post` takes the result of `exec` under the same type.
    fn takes_all(&self) -> bool {
        let exec = &self.model.exec.output.ty;
        let mut parameters = self.model.post.iter().flat_map(|post| &post.parameters);
        parameters.any(|parameter| same(&parameter.ty, exec)) || self.model.each().is_some()
    }

    fn written(&self) -> TokenStream {
        let Options {
            writes, appends, ..
        } = &self.model.options;
        let Some(post) = &self.model.post else {
            let span = self.model.exec.output.span;
            let exec = self.done();
            return match (writes, appends) {
                (Some(writes), _) if writes.tuple => {
                    let fields = &writes.fields;
                    let values: Vec<_> = fields.iter().map(|field| local_at(field, span)).collect();
                    let written = self.written_fields();
                    let written = written.iter().zip(&values);
                    let written = written.map(|(written, value)| written.write(value));
                    quote! {
                        let (#(#values,)*) = #exec;
                        #(#written)*
                        __p::Result::Ok(0)
                    }
                }
                (Some(_), _) => {
                    let written = self.written_fields();
                    let written = written.iter().map(|written| written.write(&exec));
                    quote! {
                        #(#written)*
                        __p::Result::Ok(0)
                    }
                }
                (None, Some(field)) => {
                    let place = Ident::new("__place", field.span());
                    quote! {
                        let #place = __p::FieldSlot(&mut __shared.#field).__place();
                        __p::Append::append(#place, #exec);
                        __p::Result::Ok(0)
                    }
                }
                // Each `exec` of a batch returns a value. If no field stores them, that value must
                // be `()`.
                (None, None) if self.model.each().is_some() => {
                    let value = value(&self.model.exec.output);
                    let nothing =
                        quote_spanned!(span=> let () = <#value as __p::Nothing>::NOTHING;);
                    quote!(#nothing __p::Result::Ok(0))
                }
                (None, None) => {
                    let take = self.take(&self.model.exec.output, exec);
                    quote!(__p::Result::Ok(#take))
                }
            };
        };
        let (borrows, call) = (self.borrows(post, Where::Post), self.call(post));
        let filled = writes
            .iter()
            .flat_map(|writes| &writes.fields)
            .map(|field| {
                let empty = self.empty(field, Where::Post);
                quote! {
                    if let __p::Option::None = (&__shared.#field).__read() {
                        return __p::Result::Err(#empty);
                    }
                }
            });
        let action = Ident::new("__action", post.output.span);
        let take = self.take(&post.output, action.clone());
        quote! {
            let #action = { #borrows #call };
            let __action = #take;
            #(#filled)*
            __p::Result::Ok(__action)
        }
    }

    /// Takes an action. The type has the user's span, as it has in the description, so that rustc
    /// reports a type that is not an action only once.
    fn take(&self, output: &Output, action: Ident) -> TokenStream {
        let (value, store) = (value(output), self.store);
        let arguments = quote!(#action, __shared);
        quote_spanned!(output.span=> <#value as __p::TakeAction<#store>>::take(#arguments))
    }
}

/// Asks `retry_if` about an error. All tokens are at the user's path, so that rustc reports another
/// type of error there.
pub(super) fn retry(path: &Path, borrow: TokenStream) -> TokenStream {
    let error = Ident::new("__error", at(path.span()));
    quote_spanned!(path.span()=> #path(#borrow #error))
}

/// A span at the user's code, for tokens that the macro writes.
fn at(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// The variable of the error that an attempt returned.
fn error() -> Ident {
    Ident::new("__error", Span::call_site())
}
