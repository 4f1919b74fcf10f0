//! The struct that is a store, and its attributes.

use proc_macro2::Span;
use syn::parse::ParseStream;
use syn::{Attribute, Data, DeriveInput, GenericArgument, Ident, Path, PathArguments, Token, Type};

use super::fields::Field;
use super::serde::Serde;
use crate::krate::Krate;
use crate::names::{Allow, code};
use crate::refusal::{Errors, refuse};
use crate::types::last_name;

pub(super) struct Store<'a> {
    pub(super) name: &'a Ident,
    /// The library.
    pub(super) krate: Krate,
    /// The type of its context.
    pub(super) context: Option<Type>,
    pub(super) is_generic: bool,
    pub(super) generics: &'a syn::Generics,
    pub(super) allow: Option<Allow>,
    pub(super) fields: Vec<Field<'a>>,
    pub(super) serde: Serde,
}

pub(super) fn parse(input: &DeriveInput) -> (Store<'_>, Errors) {
    let mut errors = Errors::default();
    let is_generic = !input.generics.params.is_empty();
    let serde = Serde::of(&input.attrs);
    let options = Options::of(&input.attrs, &mut errors);
    let allow = Allow::of(&input.attrs);
    let mut store = Store {
        name: &input.ident,
        krate: options.krate.unwrap_or_default(),
        context: options.context,
        is_generic,
        generics: &input.generics,
        allow,
        fields: Vec::new(),
        serde,
    };
    if is_generic {
        errors.at(
            &input.generics,
            "a shared store has no type or lifetime parameters: a flow runs on one type",
        );
    }
    match &input.data {
        Data::Struct(data) => {
            match &data.fields {
                syn::Fields::Named(fields) => {
                    store.allow = store
                        .allow
                        .or_else(|| fields.named.iter().find_map(|f| Allow::of(&f.attrs)));
                    let fields = fields.named.iter();
                    store.fields = fields
                        .filter_map(|field| Field::of(field, &mut errors))
                        .collect();
                }
                syn::Fields::Unnamed(fields) => {
                    errors
                    .at(fields, "name the fields of a shared store: a node's parameters borrow them by name");
                }
                syn::Fields::Unit => {}
            }
        }
        Data::Enum(data) => errors.at(
            data.enum_token,
            "a shared store is a struct with named fields",
        ),
        Data::Union(data) => errors.at(
            data.union_token,
            "a shared store is a struct with named fields",
        ),
    }
    (store, errors)
}

/// The options of a store: `#[shared(context = Services, crate = path)]` on the struct.
#[derive(Default)]
struct Options {
    krate: Option<Krate>,
    context: Option<Type>,
}

const OPTIONS: &str = "a shared store has the options `context = Services`, the type of what a run of its flows is given, and `crate = path::to::pocketflow`";

impl Options {
    fn of(attributes: &[Attribute], errors: &mut Errors) -> Self {
        let mut options = Self::default();
        for attribute in attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("shared"))
        {
            let read = attribute
                .parse_args_with(|input: ParseStream<'_>| options.read(attribute, input, errors));
            if let Err(error) = read {
                errors.push(error);
            }
        }
        options
    }

    fn read(
        &mut self,
        attribute: &Attribute,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        while !input.is_empty() {
            if Krate::is_next(input) {
                let given = Krate::parse(input)?;
                if self.krate.replace(given).is_some() {
                    errors.at(attribute, "`crate` is given twice");
                }
            } else {
                let name = input.fork().parse::<Ident>();
                if let (Ok(name), true) = (&name, name.as_ref().is_ok_and(|name| name == "redact"))
                {
                    return Err(refuse("`redact` is an option of a field: write `#[shared(redact)]` above the confidential field").at(name));
                }
                if name.is_ok_and(|name| name != "context") || !input.peek(Ident) {
                    return Err(input.error(OPTIONS));
                }
                let name: Ident = input.parse()?;
                let given = context(input, &name)?;
                if self.context.replace(given).is_some() {
                    errors.at(name, "`context` is given twice");
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }
}

/// `= Services`, after `context`.
fn context(input: ParseStream<'_>, name: &Ident) -> syn::Result<Type> {
    let expected = |span: Span| {
        refuse("`context` names the type of what a run is given: write `context = Services`")
            .on(span)
    };
    if input.is_empty() {
        return Err(expected(name.span()));
    }
    let span = input.span();
    input.parse::<Token![=]>().map_err(|_| expected(span))?;
    let span = if input.is_empty() {
        name.span()
    } else {
        input.span()
    };
    match input.parse::<Type>() {
        Ok(Type::Path(path)) if last_name(&Type::Path(path.clone())).as_deref() == Some("Arc") => {
            Err(refuse("`context` names the type in the `Arc`: a run takes its context by reference, or as an `Arc`").at(path))
        }
        Ok(Type::Path(path)) if has_lifetime(&path.path) => {
            Err(refuse("a context has no lifetime parameters: it may outlive what it borrows from")
                .help("own the data: a `String` for a `&str`, an `Arc<Client>` for a `&Client`")
                .at(path))
        }
        Ok(ty @ Type::Path(_)) => Ok(ty),
        Ok(Type::Reference(borrowed)) => Err(refuse("a context is borrowed for each run, so `context` names the type without `&`")
            .help(format!("write `context = {}`", code(&borrowed.elem)))
            .at(borrowed)),
        _ => Err(expected(span)),
    }
}

/// Whether a type is written as `Services<'a>`.
fn has_lifetime(path: &Path) -> bool {
    let arguments = path.segments.iter().map(|segment| &segment.arguments);
    arguments.into_iter().any(|arguments| {
        match arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.iter().any(|argument| {
            matches!(argument, GenericArgument::Lifetime(name) if name.ident != "static")
        }),
        _ => false,
    }
    })
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;

    use super::*;

    fn errors(tokens: TokenStream) -> Vec<String> {
        parse(&syn::parse2(tokens).unwrap()).1.messages()
    }

    #[test]
    fn a_store_is_a_struct_with_named_fields() {
        assert!(
            errors(quote!(
                struct Order {
                    total: u64,
                    receipt: Option<String>,
                }
            ))
            .is_empty()
        );
        assert!(
            errors(quote!(
                struct Nothing;
            ))
            .is_empty()
        );
        assert_eq!(
            errors(quote!(
                struct Order(u64);
            ))
            .len(),
            1
        );
        assert_eq!(
            errors(quote!(
                enum Order {
                    A,
                }
            ))
            .len(),
            1
        );
        assert_eq!(
            errors(quote!(
                struct Order<T> {
                    total: T,
                }
            ))
            .len(),
            1
        );
    }
}
