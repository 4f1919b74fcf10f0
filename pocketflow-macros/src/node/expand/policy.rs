//! The policy of a node.

use proc_macro2::TokenStream;
use quote::quote;

use super::Node;
use crate::node::parse::options::{Given, Options};

impl Node<'_> {
    /// Whether the node has further attempts or a fallback.
    pub(super) fn recovers(&self) -> bool {
        let attempts = self.model.options.attempts;
        attempts.is_some_and(|attempts| attempts.value > 1) || self.has_fallback()
    }

    fn has_fallback(&self) -> bool {
        self.model.fallback.is_some() || self.model.options.fallback.is_some()
    }

    pub(super) fn policy(&self) -> Option<TokenStream> {
        let pf = self.pf;
        let Options {
            attempts,
            wait,
            backoff,
            max_wait,
            jitter,
            timeout,
            ..
        } = &self.model.options;
        let attempts = attempts
            .map(|given| given.value)
            .map(|n| quote!(attempts: #n,));
        let wait = wait.as_ref().map(nanos).map(|time| quote!(wait: #time,));
        let max_wait = max_wait
            .as_ref()
            .map(nanos)
            .map(|time| quote!(max_wait: #time,));
        let timeout = timeout.as_ref().map(nanos);
        let timeout = timeout.map(|time| quote!(timeout: __p::Option::Some(#time),));
        let backoff = backoff
            .map(|given| given.value)
            .map(|factor| quote!(backoff: #factor,));
        let jitter = jitter
            .map(|given| given.value)
            .map(|part| quote!(jitter: #part,));
        let fallback = self.has_fallback().then(|| quote!(fallback: true,));
        let given = [
            &attempts, &wait, &max_wait, &timeout, &backoff, &jitter, &fallback,
        ];
        given.iter().any(|given| given.is_some()).then(|| {
            quote! {
                const POLICY: #pf::Policy = #pf::Policy {
                    #attempts #wait #backoff #max_wait #jitter #timeout #fallback
                    ..#pf::Policy::ONCE
                };
            }
        })
    }
}

/// A duration that was written.
pub(super) fn nanos(given: &Given<std::time::Duration>) -> TokenStream {
    let nanos = u64::try_from(given.value.as_nanos()).unwrap_or(u64::MAX);
    quote!(__p::Duration::from_nanos(#nanos))
}
