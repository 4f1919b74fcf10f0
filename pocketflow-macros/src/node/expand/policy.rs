//! The policy of a node.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Ident;

use super::Node;
use crate::duration::nanos;
use crate::node::parse::options::{Options, Value, Width};

impl Node<'_> {
    /// Whether the node has further attempts or a fallback.
    pub(super) fn recovers(&self) -> bool {
        let attempts = self.model.options.attempts.as_ref();
        let many = attempts.is_some_and(|given| given.value.literal().is_none_or(|n| n > 1));
        many || self.has_fallback()
    }

    fn has_fallback(&self) -> bool {
        self.model.fallback.is_some() || self.model.options.fallback.is_some()
    }

    /// Whether a policy is a field of the node or of the context.
    pub(super) fn is_configured(&self) -> bool {
        let mut policies = self.model.options.named_policies().into_iter();
        self.sound && policies.any(|(_, _, value)| !matches!(value, Value::Constant(_)))
    }

    /// Whether a policy is a field of the node.
    fn configures_itself(&self) -> bool {
        let mut policies = self.model.options.named_policies().into_iter();
        policies.any(|(_, _, value)| matches!(value, Value::OfNode(_)))
    }

    /// The policies that are known at compile time, and the function for the others.
    pub(super) fn policy(&self) -> Option<TokenStream> {
        let pf = self.pf;
        let known = self.parts(|value| match value {
            Value::Literal(tokens) => Some(tokens),
            Value::Constant(path) => Some(path.to_token_stream()),
            Value::OfNode(_) | Value::OfContext(_) => None,
        });
        let fallback = self.has_fallback().then(|| quote!(fallback: true,));
        let constant = (!known.is_empty() || fallback.is_some()).then(|| {
            quote! {
                const POLICY: #pf::Policy = #pf::Policy {
                    #known #fallback
                    ..#pf::Policy::ONCE
                };
            }
        });
        let configured = self.is_configured().then(|| {
            let context = self.context("'_");
            let body = if self.configures_itself() {
                self.configured()
            } else {
                quote!(__policy(__context))
            };
            quote! {
                const CONFIGURED: __p::bool = true;

                fn policy(&self, __context: #context) -> #pf::Policy { #body }
            }
        });
        Some(quote!(#constant #configured))
    }

    /// The body of the function for the policies that are configured.
    fn configured(&self) -> TokenStream {
        let (pf, node, store) = (self.pf, &self.model.node, self.store);
        let fields = self.parts(|value| match value {
            Value::OfNode(field) => Some(of("self", &field)),
            Value::OfContext(field) => Some(of("__context", &field)),
            Value::Literal(_) | Value::Constant(_) => None,
        });
        let opened = self
            .configuring_option()
            .map(|_| quote!(let __context = <#store as __p::ContextOf<_>>::open(__context);));
        quote! {
            #opened
            #pf::Policy { #fields ..<#node as #pf::Node<#store, __Marker>>::POLICY }
        }
    }

    /// The first policy that is a field of the context.
    pub(super) fn configuring_option(&self) -> Option<Span> {
        let mut policies = self.model.options.named_policies().into_iter();
        policies.find_map(|(_, span, value)| matches!(value, Value::OfContext(_)).then_some(span))
    }

    /// The items beside the impls: the checks of the constants, and the policy of a node that only
    /// the context configures.
    pub(super) fn policies(&self) -> Option<TokenStream> {
        if !self.sound {
            return None;
        }
        let (pf, node, store) = (self.pf, &self.model.node, self.store);
        let named = self.model.options.named_policies();
        let checks = named
            .iter()
            .filter(|(_, _, value)| matches!(value, Value::Constant(_)))
            .map(|(name, span, _)| {
                let check = Ident::new("check_policy", *span);
                let policy = quote!(&<#node as #pf::Node<#store, __Marker>>::POLICY);
                let call = quote_spanned!(*span=> __p::#check(#policy, #name));
                quote!(const _: () = #call;)
            });
        let function = (self.is_configured() && !self.configures_itself()).then(|| {
            let (context, body) = (self.context("'_"), self.configured());
            let checked = self.checked();
            quote! {
                fn __policy(__context: #context) -> #pf::Policy
                where
                    #checked
                {
                    #body
                }
            }
        });
        Some(quote!(#(#checks)* #function))
    }

    /// What the description of the node says of a policy that the context configures.
    pub(super) fn described_policy(&self) -> Option<TokenStream> {
        let store = self.store;
        (self.is_configured() && !self.configures_itself()).then(|| {
            quote! {
                check: __p::Option::Some(
                    |__context| __p::check_in_context::<#store, _>(__policy, __context)
                ),
            }
        })
    }

    /// The parts of the policy for which `written` returns the value.
    fn parts(&self, written: impl Fn(Value<TokenStream>) -> Option<TokenStream>) -> TokenStream {
        let Options {
            attempts,
            wait,
            backoff,
            max_wait,
            jitter,
            timeout,
            parallel,
            ..
        } = &self.model.options;
        let attempts = attempts
            .as_ref()
            .and_then(|given| written(given.value.map(ToTokens::to_token_stream)))
            .map(|value| quote!(attempts: #value,));
        let at = timeout.as_ref().map(|given| given.span);
        let [wait, max_wait, timeout] = [wait, max_wait, timeout].map(|given| {
            let given = given.as_ref()?;
            written(given.value.map(nanos))
        });
        let [backoff, jitter] = [backoff, jitter].map(|given| {
            let given = given.as_ref()?;
            written(given.value.map(ToTokens::to_token_stream))
        });
        let parallel = parallel.as_ref().and_then(|given| match &given.value {
            Width::Items(width) => {
                let is_field = matches!(width, Value::OfNode(_) | Value::OfContext(_));
                let width = written(width.map(ToTokens::to_token_stream))?;
                Some(match is_field {
                    true => quote_spanned!(given.span=> __p::InFlight::in_flight(&#width)),
                    false => width,
                })
            }
            Width::Unbounded => written(Value::Literal(quote!(__p::usize::MAX))),
        });
        let at = at.map_or_else(Span::call_site, |span| span.resolved_at(Span::call_site()));
        let timeout = timeout.map(|limit| quote_spanned!(at=> __p::Option::Some(#limit)));
        let others = [
            ("wait", wait),
            ("max_wait", max_wait),
            ("timeout", timeout),
            ("backoff", backoff),
            ("jitter", jitter),
            ("parallel", parallel),
        ];
        let others = others.into_iter().filter_map(|(name, value)| {
            let (name, value) = (Ident::new(name, Span::call_site()), value?);
            Some(quote!(#name: #value,))
        });
        quote!(#attempts #(#others)*)
    }
}

/// A field of the node or of the context. All of it is on the user's token, where rustc reports a
/// field of another type.
fn of(owner: &str, field: &Ident) -> TokenStream {
    let span = field.span().resolved_at(Span::call_site());
    let owner = match owner {
        "self" => quote_spanned!(span=> self),
        owner => Ident::new(owner, span).into_token_stream(),
    };
    quote_spanned!(span=> #owner.#field)
}
