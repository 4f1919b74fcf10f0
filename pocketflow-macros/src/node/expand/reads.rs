//! The structs for what `prep` computes and for what the node reads, and how each field is
//! borrowed.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Ident, Lifetime, Type};

use super::describe::field_name;
use super::{Node, in_lifetime, inner};
use crate::names::ours;
use crate::node::model::Form;
use crate::node::parse::options::Value;
use crate::node::parse::{Borrow, Context, Each, Kind, Parameter, Step};
use crate::types::{argument, is_dyn, last_name, option, rename_outer_lifetimes};

/// The step that borrows a field.
#[derive(Clone, Copy)]
pub(super) enum Where {
    Prep,
    Post,
}

impl Node<'_> {
    /// Whether `prep` computes anything from the store.
    pub(super) fn has_prep(&self) -> bool {
        self.model.prep.is_some() || self.model.each_field().is_some()
    }

    /// The result of the user's `prep`, borrowed.
    pub(super) fn prepared(&self, prep: TokenStream, span: Span) -> TokenStream {
        if self.model.keeps_prep() {
            quote_spanned!(span=> #prep.__prep.__get())
        } else {
            quote_spanned!(span=> &#prep.__prep)
        }
    }

    /// The type of an item of a batch.
    pub(super) fn item(&self, each: &Each, lifetime: &str) -> Type {
        if each.of_prep {
            return in_lifetime(&each.item, lifetime);
        }
        let mut item = each.item.clone();
        rename_outer_lifetimes(&mut item, &Lifetime::new(lifetime, Span::call_site()));
        item
    }

    /// The structs for what `prep` computes and for what the node reads.
    pub(super) fn reads(&self) -> TokenStream {
        let visibility = match &self.model.form {
            Form::Function(visibility, _) => visibility.clone(),
            Form::Methods => syn::Visibility::Inherited,
        };
        let prep = self.model.prep.as_ref().map(|prep| {
            let ty = in_lifetime(&prep.output.ty, "'a");
            let ty = if prep.output.fallible {
                quote!(<#ty as __p::Fallible>::Value)
            } else {
                quote!(#ty)
            };
            if self.model.keeps_prep() {
                quote!(__prep: __p::Retained<#ty>,)
            } else {
                quote!(__prep: #ty,)
            }
        });
        // The items are collected once, by reference. Each `exec` and each attempt takes its item
        // from this list.
        let items = self
            .model
            .each_field()
            .and(self.model.each())
            .map(|(_, each)| {
                let item = self.item(each, "'a");
                quote!(__items: __p::Vec<#item>,)
            });
        let prepared = self.has_prep().then(|| {
            quote! {
                pub struct __Prep<'a> {
                    #prep
                    #items
                    __store: __p::PhantomData<&'a ()>,
                }

                #[automatically_derived]
                impl __p::OrNothing for __Prep<'_> {}
            }
        });
        let borrowed = self.model.borrowed();
        let fields = borrowed.iter().map(|Parameter { name, kind, .. }| {
            let (ty, field) = (self.field_type(kind, "'a"), field_name(name));
            let doc = match kind {
                Kind::Context(Context {
                    borrow: Borrow::Whole(_),
                    ..
                }) => "The context.".to_owned(),
                Kind::Context(_) => format!("The field `{field}` of the context."),
                _ => format!("The field `{field}`."),
            };
            let name = ours(name);
            quote!(#[doc = #doc] #visibility #name: #ty,)
        });
        let nothing = borrowed
            .is_empty()
            .then(|| quote!(__store: __p::PhantomData<&'a ()>,));
        let given = self.has_configured_timeout().then(|| {
            let context = self.context("'a");
            quote!(__context: #context,)
        });
        quote! {
            #prepared

            pub struct __Reads<'a> { #(#fields)* #given #nothing }
        }
    }

    /// Whether an attempt takes its timeout from a field of the node or of the context.
    fn has_configured_timeout(&self) -> bool {
        let timeout = self.model.options.timeout.as_ref();
        timeout.is_some_and(|given| matches!(given.value, Value::OfNode(_) | Value::OfContext(_)))
    }

    /// The type of a borrowed field.
    fn field_type(&self, kind: &Kind, lifetime: &str) -> TokenStream {
        let lifetime = Lifetime::new(lifetime, Span::call_site());
        match kind {
            Kind::Peek(ty)
            | Kind::Context(Context {
                borrow: Borrow::Peek(ty),
                ..
            }) => {
                let ty = inner(ty);
                quote!(__p::Option<&#lifetime #ty>)
            }
            Kind::Field(ty)
            | Kind::Context(Context {
                borrow: Borrow::Field(ty) | Borrow::Whole(ty),
                ..
            }) => {
                let ty = inner(ty);
                quote!(&#lifetime #ty)
            }
            _ => quote!(()),
        }
    }

    /// The context itself, for a step or steps with a parameter that borrows from it.
    pub(super) fn opened<'p>(
        &self,
        mut parameters: impl Iterator<Item = &'p Parameter>,
    ) -> Option<TokenStream> {
        let store = self.store;
        let borrows = parameters.any(|parameter| matches!(parameter.kind, Kind::Context(_)));
        borrows.then(|| quote!(let __context = <#store as __p::ContextOf<_>>::open(__context);))
    }

    /// The body of `reads`: borrows the fields that `exec` and `fallback` name.
    pub(super) fn borrowing(&self) -> TokenStream {
        if !self.sound {
            return quote!(__p::unreachable!());
        }
        let borrowed = self.model.borrowed();
        let borrows = borrowed
            .iter()
            .map(|parameter| self.borrow(parameter, Where::Prep));
        let opened = self.opened(borrowed.iter().copied());
        let keeps = self.has_configured_timeout();
        let given = keeps.then(|| quote!(let __given = __context;));
        let kept = keeps.then(|| quote!(__context: __given,));
        let names = borrowed.iter().map(|parameter| &parameter.name);
        let locals = borrowed.iter().map(|parameter| local(&parameter.name));
        let nothing = borrowed
            .is_empty()
            .then(|| quote!(__store: __p::PhantomData));
        quote! {
            #given
            #opened
            #(#borrows)*
            __p::Result::Ok(__Reads { #(#names: #locals,)* #kept #nothing })
        }
    }

    /// Collects the items of a batch from the field that holds them.
    pub(super) fn items(&self) -> Option<TokenStream> {
        let field = self.model.each_field()?;
        let (name, each) = self.model.each()?;
        let (item, local, empty) = (
            self.item(each, "'a"),
            local(field),
            self.empty(field, Where::Prep),
        );
        // With the user's span, so that rustc reports there a field that cannot be iterated, or an
        // item of the wrong type.
        let (from, value) = (
            Ident::new("__from", field.span()),
            Ident::new("__item", name.span()),
        );
        let lent = self.lent(&value, &each.item);
        Some(quote! {
            let __items = {
                let #local = (&__shared.#field).__read();
                let #from = match #local {
                    __p::Option::Some(#from) => #from,
                    __p::Option::None => return __p::Result::Err(#empty),
                };
                let mut __items: __p::Vec<#item> = __p::Vec::new();
                for #value in #from {
                    let #value: #item = #lent;
                    __p::Vec::push(&mut __items, #value);
                }
                __items
            };
        })
    }

    /// The error for a late field that is empty although the checks of the flow passed.
    pub(super) fn empty(&self, field: &Ident, place: Where) -> TokenStream {
        let pf = self.pf;
        let (store, text) = (self.store, field_name(field));
        match place {
            Where::Prep => quote!(#pf::Failure::empty(<#store as #pf::Shared>::STORE, #text)),
            Where::Post => quote!(<#store as #pf::Shared>::STORE.empty(#text)),
        }
    }

    /// Borrows the fields that a step names.
    pub(super) fn borrows(&self, step: &Step, place: Where) -> TokenStream {
        let borrows = step
            .parameters
            .iter()
            .map(|parameter| self.borrow(parameter, place));
        let opened = self.opened(step.parameters.iter());
        quote!(#opened #(#borrows)*)
    }

    fn borrow(
        &self,
        Parameter {
            name, span, kind, ..
        }: &Parameter,
        place: Where,
    ) -> TokenStream {
        let local = local(name);
        let ty = self.field_type(
            kind,
            match place {
                Where::Prep => "'a",
                Where::Post => "'_",
            },
        );
        let value = Ident::new("__value", name.span().resolved_at(Span::mixed_site()));
        match kind {
            Kind::Field(target) => {
                let (empty, lent) = (self.empty(name, place), self.lent(&value, target));
                let read = match option(target) {
                    Some(held) => self.read_option(name, *span, held),
                    None => quote!((&__shared.#name).__read()),
                };
                // The value is bound before the `match`, because rustc's messages would otherwise
                // mention the `match`.
                quote! {
                    let #local = #read;
                    let #local: #ty = match #local {
                        __p::Option::Some(#value) => #lent,
                        __p::Option::None => return __p::Result::Err(#empty),
                    };
                }
            }
            Kind::Peek(target) => self.peek(name, target, &value, &ty, quote!(&__shared.#name)),
            Kind::Context(Context { borrow, .. }) => match borrow {
                Borrow::Whole(_) => {
                    let whole = Ident::new("__context", *span);
                    quote!(let #local: #ty = #whole;)
                }
                Borrow::Field(target) => {
                    let lent = self.lent(&local, target);
                    quote!(let #local = &__context.#name; let #local: #ty = #lent;)
                }
                Borrow::Peek(target) => {
                    self.peek(name, target, &value, &ty, quote!(&__context.#name))
                }
            },
            Kind::FieldMut => quote!(let #local = &mut __shared.#name;),
            _ => TokenStream::new(),
        }
    }

    /// Borrows a field that may be empty.
    fn peek(
        &self,
        name: &Ident,
        target: &Type,
        value: &Ident,
        ty: &TokenStream,
        field: TokenStream,
    ) -> TokenStream {
        let (local, lent) = (local(name), self.lent(value, target));
        let inside = self.field_type(&Kind::Field(target.clone()), "'_");
        // rustc does not coerce inside an `Option`.
        quote! {
            let #local = (#field).__read();
            let #local: #ty = match #local {
                __p::Option::Some(#value) => {
                    let #value: #inside = #lent;
                    __p::Option::Some(#value)
                }
                __p::Option::None => __p::Option::None,
            };
        }
    }

    /// Borrows a value as the type of a parameter. A `Box` or an `Arc` already holds a trait
    /// object; without this, rustc would make a trait object of the pointer.
    pub(super) fn lent(&self, value: &Ident, target: &Type) -> TokenStream {
        let target = match target {
            Type::Reference(reference) => &reference.elem,
            target => target,
        };
        if is_dyn(target) {
            quote!(#value.__borrow())
        } else {
            quote!(#value)
        }
    }

    /// Reads `&Option<T>`, which only a late field of type `Option<Option<T>>` can lend. For any
    /// other field, the user meant the value inside.
    fn read_option(&self, name: &Ident, span: Span, held: &Type) -> TokenStream {
        let held = inner(held);
        let borrowed = match (last_name(&held).as_deref(), argument(&held)) {
            (Some("String"), _) => quote!(__p::str),
            (Some("Vec"), Some(item)) => quote!([#item]),
            _ => quote!(#held),
        };
        let (field, borrow) = (Ident::new("__field", span), quote!(&__shared.#name));
        let read = quote_spanned!(span=> __p::ReadOption::<#held, #borrowed>::read_option(#field));
        quote!({ let #field = #borrow; #read })
    }
}

/// The variable of a borrowed field. Its name differs from the user's names and from the macro's
/// other names.
pub(super) fn local(name: &Ident) -> Ident {
    local_at(name, name.span())
}

/// The same variable with another span.
pub(super) fn local_at(name: &Ident, span: Span) -> Ident {
    let text = name.unraw().to_string();
    let is_snake =
        !text.starts_with('_') && !text.contains("__") && !text.contains(char::is_uppercase);
    let text = match is_snake {
        true => format!("__field_{text}"),
        // No lint reports a name of this form.
        false => text.chars().fold("__letters".to_owned(), |name, letter| {
            format!("{name}_{:x}", u32::from(letter))
        }),
    };
    Ident::new(&text, span)
}
