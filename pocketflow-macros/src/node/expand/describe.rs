//! The constants that the checks of a flow evaluate.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::written::{By, Written};
use super::{Node, value};
use crate::node::model::Handled;
use crate::node::parse::Kind;
use crate::node::parse::options::Options;

impl Node<'_> {
    pub(super) fn describe(&self) -> TokenStream {
        let (node, text) = (&self.model.node, self.model.text());
        if !self.known {
            return quote! {
                #[automatically_derived]
                impl __p::Describe for #node {
                    const NODE: __p::Description = __p::Description::UNKNOWN;
                    type Reads<'a> = __Reads<'a>;
                }
            };
        }
        let store_type = self.store();
        let names = |is: fn(&Kind) -> bool| {
            let named = self
                .model
                .parameters()
                .filter(move |parameter| is(&parameter.kind));
            named
                .map(|parameter| field_name(&parameter.name))
                .collect::<Vec<_>>()
        };
        let Options {
            reads,
            writes,
            appends,
            failures,
            ..
        } = &self.model.options;
        let mut read = names(|kind| matches!(kind, Kind::Field(_)));
        if let Some(field) = failures.as_ref().filter(|_| self.model.each().is_some()) {
            // The field is filled before `post`, which is the only step that reads it.
            let field = field_name(field);
            let steps = [&self.model.prep, &self.model.fallback]
                .into_iter()
                .flatten();
            let mut before_post = steps
                .chain([&self.model.exec])
                .flat_map(|step| &step.parameters);
            if !before_post
                .any(|of| matches!(of.kind, Kind::Field(_)) && field_name(&of.name) == field)
            {
                read.retain(|read| *read != field);
            }
        }
        read.extend(self.model.each_field().map(field_name));
        let mut optional = names(|kind| matches!(kind, Kind::Peek(_) | Kind::FieldMut));
        optional.extend(appends.iter().chain(failures).map(field_name));
        let whole = self
            .model
            .parameters()
            .any(|p| matches!(p.kind, Kind::Shared | Kind::SharedMut));
        let mut may_read_all = false;
        if whole {
            match reads {
                Some((_, fields)) => read.extend(fields.iter().map(field_name)),
                None => may_read_all = true,
            }
        }
        let (maybe, written): (Vec<_>, Vec<_>) = self
            .written_fields()
            .into_iter()
            .partition(|written| matches!(written.by, By::Option));
        let names_of = |written: Vec<Written<'_>>| -> Vec<_> {
            written.iter().map(|of| field_name(of.field)).collect()
        };
        let (maybe, mut written) = (names_of(maybe), names_of(written));
        written.extend(appends.iter().chain(failures).map(field_name));
        // A fork needs more than the fields that are filled: all fields that `post` borrows
        // mutably.
        let borrowed = names(|kind| matches!(kind, Kind::FieldMut));
        let takes_store_mut = self
            .model
            .parameters()
            .any(|p| matches!(p.kind, Kind::SharedMut));
        let fields = [
            ("reads", read),
            ("optional_reads", optional),
            ("writes", written),
            ("maybe_writes", maybe),
            ("possible_writes", borrowed),
        ];
        let fields = fields
            .iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(field, names)| {
                let field = Ident::new(field, Span::call_site());
                quote!(#field: &[#(#names),*],)
            });
        let may_read_all = may_read_all.then(|| quote!(may_read_all: true,));
        let may_write_all =
            (takes_store_mut && writes.is_none()).then(|| quote!(may_write_all: true,));
        let fails = match self.model.handled() {
            _ if self.model.may_fail() => quote!(fails: true,),
            Some(handled) if self.model.exec_may_fail() => {
                let handled = match handled {
                    Handled::Failures => quote!(Failures),
                    Handled::Fallback => quote!(Fallback),
                };
                quote!(handled: __p::Option::Some(__p::Handled::#handled),)
            }
            _ => TokenStream::new(),
        };
        let (actions, checked, policy) = (self.actions(), self.checked(), self.described_policy());
        // A flow that contains a broken node has no graph, so it reports nothing about the node.
        let sound = checked.is_some().then(|| quote!(let _: __Sound;));
        quote! {
            #[automatically_derived]
            impl __p::Describe for #node
            where
                #checked
            {
                const NODE: __p::Description = {
                    #sound
                    __p::Description {
                        name: #text,
                        store: #store_type,
                        actions: #actions,
                        #(#fields)*
                        #may_read_all
                        #may_write_all
                        #policy
                        #fails
                        ..__p::Description::UNKNOWN
                    }
                };
                type Reads<'a> = __Reads<'a>;
            }
        }
    }

    /// The description of the store, on the user's token.
    pub(super) fn store(&self) -> TokenStream {
        let (store, at) = (self.store, self.pf.at(self.store.span()));
        quote_spanned!(store.span()=> <#store as #at::Shared>::STORE)
    }

    /// What the node returns: the action of its last step, or `default` if its value is stored in a
    /// field.
    fn actions(&self) -> TokenStream {
        let pf = self.pf;
        let Options {
            writes, appends, ..
        } = &self.model.options;
        let output = match &self.model.post {
            Some(post) => &post.output,
            None if writes.is_some() || appends.is_some() || self.model.each().is_some() => {
                return quote!(&[#pf::ActionInfo::DEFAULT]);
            }
            None => &self.model.exec.output,
        };
        let (value, store) = (value(output), self.store);
        quote_spanned!(output.span=> <#value as __p::TakeAction<#store>>::INFOS)
    }
}

/// The name of a field, as in the description of the store.
pub(super) fn field_name(name: &Ident) -> String {
    name.unraw().to_string()
}
