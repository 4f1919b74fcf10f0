//! The checks that need the types of a node. They are in a type among the bounds of its impls, so
//! that only the first that fails is reported.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::Node;
use crate::names::code;
use crate::node::checks::needs_failure;
use crate::node::model::Form;
use crate::types::may_be_result;

impl Node<'_> {
    /// The checks, if there are any.
    pub(super) fn checks(&self) -> Option<TokenStream> {
        let checks = self
            .of_threads()
            .into_iter()
            .chain(self.of_context())
            .chain(self.of_result())
            .chain(self.of_option())
            .collect::<Vec<_>>();
        (!checks.is_empty()).then(|| quote!(type __Sound = (#(__p::Sound<{ #checks }>,)*);))
    }

    /// The bound that the checks have passed.
    pub(super) fn checked(&self) -> Option<TokenStream> {
        let has_any = self.of_threads().is_some()
            || self.of_context().is_some()
            || !self.of_result().is_empty()
            || !self.of_option().is_empty();
        has_any.then(|| quote!(__Sound: __p::Soundness,))
    }

    /// The type of a function's node has no fields to check.
    fn of_threads(&self) -> Option<TokenStream> {
        let node = &self.model.node;
        if !self.sound || matches!(self.model.form, Form::Function(..)) {
            return None;
        }
        let text = self.model.text();
        let arguments = quote! {
            #text, __p::ThreadSafety::<#node>::__SEND, __p::ThreadSafety::<#node>::__SYNC
        };
        Some(self.check_call("check_node", self.model.name.span(), arguments))
    }

    /// A node that borrows from the context is one of a store that has a context.
    fn of_context(&self) -> Option<TokenStream> {
        let mark = self.model.context().or_else(|| self.configuring_option());
        let mark = mark.filter(|_| self.sound)?;
        Some(self.check_call("check_has_context", mark, self.store()))
    }

    /// A plain value must not be a `Result` under another name.
    pub(super) fn of_result(&self) -> Vec<TokenStream> {
        let output = &self.model.exec.output;
        if !self.sound || output.fallible || !may_be_result(&output.ty) {
            return Vec::new();
        }
        let (ty, name) = (&output.ty, code(&output.ty));
        let is_result = quote!(__p::ReturnType::<#ty>::__IS_RESULT);
        let message = format!(
            "`{name}` is a `Result` under another name\n\
             help: write `Result<…>`, or give the alias that name: `type Result<T> = …`\n\
             note: a node is fallible where the last name of its type is `Result`"
        );
        let plain = self.check_call(
            "check_returned",
            output.ty.span(),
            quote!(!#is_result, #message),
        );
        let fails = needs_failure(self.model).map(|(span, refusal)| {
            let message = refusal.to_string();
            // If it is, the check reports it.
            self.check_call("check_returned", span, quote!(#is_result, #message))
        });
        [plain].into_iter().chain(fails).collect()
    }

    pub(super) fn check_call(
        &self,
        function: &str,
        span: Span,
        arguments: TokenStream,
    ) -> TokenStream {
        let function = syn::Ident::new(function, span);
        quote_spanned!(span=> __p::#function(#arguments))
    }
}
