//! What the macro can tell of a type by its tokens.

use proc_macro2::Span;
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{GenericArgument, Lifetime, PathArguments, ReturnType, Type, TypeReference};

/// Whether a type is fallible: its last path segment is or ends in `Result`.
pub(crate) fn is_result(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => {
            path.path.segments.last().is_some_and(|segment| segment.ident.to_string().ends_with("Result"))
        }
        Type::Group(group) => is_result(&group.elem),
        Type::Paren(paren) => is_result(&paren.elem),
        _ => false,
    }
}

/// The type after `->`, or `()`.
pub(crate) fn returned(output: &ReturnType, unit: Span) -> Type {
    match output {
        ReturnType::Type(_, ty) => (**ty).clone(),
        ReturnType::Default => syn::parse_quote_spanned!(unit=> ()),
    }
}

/// The `T` of `Option<T>`.
pub(crate) fn option(ty: &Type) -> Option<&Type> {
    if last_name(ty).as_deref() == Some("Option") { argument(ty) } else { None }
}

/// The first type parameter of a type.
pub(crate) fn argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(ty)) => Some(ty),
        _ => None,
    }
}

/// The last name of a type that is a path.
pub(crate) fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// Whether two types are written alike.
pub(crate) fn same(a: &Type, b: &Type) -> bool {
    a.to_token_stream().to_string() == b.to_token_stream().to_string()
}

/// Gives every lifetime of a type but `'static`, written or left out, the name `to`. Says whether there was one.
pub(crate) fn rename_lifetimes(ty: &mut Type, to: &Lifetime) -> bool {
    let mut renamer = Renamer { to, found: false };
    renamer.visit_type_mut(ty);
    renamer.found
}

/// Whether a type borrows: it has a lifetime other than `'static`.
pub(crate) fn borrows(ty: &Type) -> bool {
    rename_lifetimes(&mut ty.clone(), &Lifetime::new("'a", Span::call_site()))
}

struct Renamer<'a> {
    to: &'a Lifetime,
    found: bool,
}

impl VisitMut for Renamer<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" {
            self.found = true;
            *lifetime = self.to.clone();
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        if reference.lifetime.is_none() {
            self.found = true;
            reference.lifetime = Some(self.to.clone());
        }
        visit_mut::visit_type_reference_mut(self, reference);
    }

    /// The lifetimes of a function pointer are its own.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut syn::TypeFnPtr) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(text: &str) -> Type {
        syn::parse_str(text).unwrap()
    }

    #[test]
    fn fallible_is_a_matter_of_the_name() {
        for text in ["Result<u8>", "anyhow::Result<()>", "io::Result<Vec<u8>>", "ParseResult<u8>"] {
            assert!(is_result(&ty(text)), "{text}");
        }
        for text in ["Vec<Result<u8>>", "()", "Results", "String"] {
            assert!(!is_result(&ty(text)), "{text}");
        }
    }

    #[test]
    fn lifetimes_are_renamed_written_or_not() {
        let cases = [
            ("&str", "& 'to str"),
            ("Cow<'a, str>", "Cow < 'to , str >"),
            ("Vec<&'_ [u8]>", "Vec < & 'to [u8] >"),
            ("&'static str", "& 'static str"),
        ];
        for (before, after) in cases {
            let mut ty = ty(before);
            rename_lifetimes(&mut ty, &Lifetime::new("'to", Span::call_site()));
            assert_eq!(ty.to_token_stream().to_string(), after);
        }
    }
}
