//! The types of a flow, and its value.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;

use super::Flow;
use crate::flow::model::{DEFAULT, Node};

impl Flow<'_> {
    /// The type. All of its tokens have the span of its name, so that rustc reports an unused flow
    /// as it reports an unused function.
    pub(super) fn declaration(&self, span: Span) -> TokenStream {
        let (pf, name, attributes, visibility) = (
            self.pf,
            &self.name,
            &self.model.attributes,
            self.visibility(),
        );
        let fields = self.fields();
        if fields.is_empty() {
            let item = quote_spanned!(span=> struct #name;);
            return quote! {
                #(#attributes)*
                #[derive(
                    #pf::__private::Clone, #pf::__private::Copy, ::core::fmt::Debug, ::core::default::Default
                )]
                #visibility #item
            };
        }
        let fields = fields.into_iter().map(
            |Node {
                 given: name,
                 path,
                 field,
                 ..
             }| {
                let field = field.as_deref().unwrap_or_default();
                let doc = field.is_empty().then(|| {
                    let doc = format!("The node `{name}`.");
                    quote!(#[doc = #doc])
                });
                quote!(#(#field)* #doc pub #name: #path)
            },
        );
        let item = quote_spanned!(span=> struct #name { #(#fields),* });
        quote! {
            #(#attributes)*
            #visibility #item
        }
    }

    pub(super) fn exits(&self) -> TokenStream {
        let (pf, exit, visibility) = (self.pf, &self.exit, self.visibility());
        let doc = format!("Where [`{}`] can end.", self.name);
        let variants = self.model.exits.iter().map(|exit| {
            let variant = Ident::new(&exit.variant.to_string(), Span::call_site());
            let doc = if exit.name == DEFAULT {
                "At its end.".into()
            } else {
                format!("At `end \"{}\"`.", exit.name)
            };
            quote!(#[doc = #doc] #variant)
        });
        quote! {
            #[doc = #doc]
            #[derive(
                #pf::__private::Clone, #pf::__private::Copy, ::core::fmt::Debug, ::core::cmp::PartialEq,
                ::core::cmp::Eq, ::core::hash::Hash
            )]
            #visibility enum #exit { #(#variants),* }
        }
    }

    /// The value of a flow that is an expression. A declared node is the local variable with its
    /// name.
    pub(super) fn value(&self) -> TokenStream {
        let name = &self.name;
        let fields: Vec<_> = self.fields().into_iter().map(|node| &node.given).collect();
        if fields.is_empty() {
            quote!(#name)
        } else {
            quote!(#name { #(#fields),* })
        }
    }
}
