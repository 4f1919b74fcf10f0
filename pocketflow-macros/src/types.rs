//! What the macro can tell about a type from its tokens.

use proc_macro2::Span;
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{
    BoundLifetimes, GenericArgument, Ident, Lifetime, ParenthesizedGenericArguments, Path,
    PathArguments, PathSegment, ReturnType, Type, TypeFnPtr, TypeParamBound, TypeReference,
};

/// Whether a type is fallible: the last name of its path is `Result`.
pub(crate) fn is_result(ty: &Type) -> bool {
    last_name(ty).is_some_and(|last| last == "Result")
}

/// Whether a type whose name does not end in `Result` may still be a `Result`, as an alias.
pub(crate) fn may_be_result(ty: &Type) -> bool {
    may_be_alias(ty) && last_name(ty).is_some_and(|last| last != "Result")
}

/// Whether the last name of a type may be an alias.
pub(crate) fn may_be_alias(ty: &Type) -> bool {
    const PLAIN: &[&str] = &[
        "String", "str", "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize",
        "u8", "u16", "u32", "u64", "u128", "usize", "Option", "Vec", "Box", "Arc", "PathBuf",
        "Duration", "HashMap", "BTreeMap", "HashSet", "BTreeSet", "Cow",
    ];
    last_name(ty).is_some_and(|last| !PLAIN.contains(&&*last))
}

/// The type after `->`, or `()`.
pub(crate) fn returned(output: &ReturnType, unit: Span) -> Type {
    match output {
        ReturnType::Type(_, ty) => plain(ty),
        ReturnType::Default => syn::parse_quote_spanned!(unit=> ()),
    }
}

/// A type without parentheses and without the invisible groups in which a `macro_rules!` macro
/// passes a `$t:ty` on.
pub(crate) fn plain(ty: &Type) -> Type {
    let mut ty = ty.clone();
    Ungroup.visit_type_mut(&mut ty);
    ty
}

struct Ungroup;

impl VisitMut for Ungroup {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        while let Type::Group(syn::TypeGroup { elem, .. })
        | Type::Paren(syn::TypeParen { elem, .. }) = ty
        {
            *ty = std::mem::replace(&mut **elem, Type::Verbatim(Default::default()));
        }
        visit_mut::visit_type_mut(self, ty);
        // `&(dyn Llm + Send)` keeps its parentheses.
        let bounds = match ty {
            Type::TraitObject(object) => object.bounds.len(),
            Type::ImplTrait(object) => object.bounds.len(),
            _ => 1,
        };
        if bounds > 1 {
            *ty = syn::parse_quote!((#ty));
        }
    }
}

/// A type with `node` in place of `Self`, because `Self` has another meaning in a struct outside
/// the `impl`.
pub(crate) fn without_self(ty: &mut Type, node: &Path) {
    struct NoSelf<'a>(&'a Path);
    impl VisitMut for NoSelf<'_> {
        fn visit_path_mut(&mut self, path: &mut Path) {
            if path
                .segments
                .first()
                .is_some_and(|first| first.ident == "Self")
            {
                let rest = path
                    .segments
                    .iter()
                    .skip(1)
                    .cloned()
                    .collect::<Vec<PathSegment>>();
                *path = self.0.clone();
                path.segments.extend(rest);
            }
            visit_mut::visit_path_mut(self, path);
        }
    }
    NoSelf(node).visit_type_mut(ty);
}

/// The `T` of `Option<T>`.
pub(crate) fn option(ty: &Type) -> Option<&Type> {
    if last_name(ty).as_deref() == Some("Option") {
        argument(ty)
    } else {
        None
    }
}

/// Whether a type is a trait object.
pub(crate) fn is_dyn(ty: &Type) -> bool {
    match ty {
        Type::Paren(paren) => is_dyn(&paren.elem),
        Type::TraitObject(_) => true,
        _ => false,
    }
}

/// The first type parameter of a type.
pub(crate) fn argument(ty: &Type) -> Option<&Type> {
    arguments(ty).next()
}

/// The type parameters of a type.
pub(crate) fn arguments(ty: &Type) -> impl Iterator<Item = &Type> {
    let last = match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    };
    let arguments = last.and_then(|last| match &last.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    });
    arguments
        .into_iter()
        .flatten()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
}

/// The last name of a type that is a path.
pub(crate) fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// Whether two types have the same tokens.
pub(crate) fn same(a: &Type, b: &Type) -> bool {
    a.to_token_stream().to_string() == b.to_token_stream().to_string()
}

/// Renames every lifetime of a type except `'static`, written or elided, to `to`. Returns whether
/// there was one. Lifetimes that a `for<'x>`, a `Fn(…)` or a `fn(…)` in the type declares do not
/// change.
pub(crate) fn rename_lifetimes(ty: &mut Type, to: &Lifetime) -> bool {
    let mut renamer = Renamer {
        to: to.clone(),
        inside: None,
        found: false,
        bound: Vec::new(),
        of_function: 0,
    };
    renamer.visit_type_mut(ty);
    renamer.found
}

/// Like [`rename_lifetimes`], but lifetimes behind a reference become `'static`, because everything
/// in a store is `'static`.
pub(crate) fn rename_outer_lifetimes(ty: &mut Type, to: &Lifetime) {
    let inside = Some(Lifetime::new("'static", Span::call_site()));
    let mut renamer = Renamer {
        to: to.clone(),
        inside,
        found: false,
        bound: Vec::new(),
        of_function: 0,
    };
    renamer.visit_type_mut(ty);
}

/// Whether a type borrows: it has a lifetime other than `'static`.
pub(crate) fn borrows(ty: &Type) -> bool {
    rename_lifetimes(&mut ty.clone(), &Lifetime::new("'a", Span::call_site()))
}

struct Renamer {
    to: Lifetime,
    /// The name for lifetimes behind a reference, if it differs.
    inside: Option<Lifetime>,
    found: bool,
    /// The lifetimes that an enclosing `for<'x>` declares.
    bound: Vec<Ident>,
    /// How many `Fn(…)` surround this place. An elided lifetime inside one belongs to it.
    of_function: usize,
}

impl Renamer {
    fn within(&mut self, lifetimes: &Option<BoundLifetimes>, visit: impl FnOnce(&mut Self)) {
        let outside = self.bound.len();
        let declared = lifetimes.iter().flat_map(|declared| &declared.lifetimes);
        self.bound
            .extend(declared.filter_map(|parameter| match parameter {
                syn::GenericParam::Lifetime(parameter) => Some(parameter.lifetime.ident.clone()),
                _ => None,
            }));
        visit(self);
        self.bound.truncate(outside);
    }
}

impl VisitMut for Renamer {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        let own = self.of_function > 0 && lifetime.ident == "_";
        if lifetime.ident != "static" && !own && !self.bound.contains(&lifetime.ident) {
            self.found = true;
            *lifetime = self.to.clone();
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        match &mut reference.lifetime {
            Some(lifetime) => self.visit_lifetime_mut(lifetime),
            None if self.of_function == 0 => {
                self.found = true;
                reference.lifetime = Some(self.to.clone());
            }
            None => {}
        }
        let outside = self.to.clone();
        if let Some(inside) = &self.inside {
            self.to = inside.clone();
        }
        self.visit_type_mut(&mut reference.elem);
        self.to = outside;
    }

    /// `Cow<str>` elides its lifetime, which the field of a struct cannot do. No other type of the
    /// standard library that a store is likely to contain has a lifetime.
    fn visit_path_segment_mut(&mut self, segment: &mut PathSegment) {
        if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
            let left_out = matches!(arguments.args.first(), Some(GenericArgument::Type(_)));
            if segment.ident == "Cow" && left_out && self.of_function == 0 {
                self.found = true;
                arguments
                    .args
                    .insert(0, GenericArgument::Lifetime(self.to.clone()));
            }
        }
        visit_mut::visit_path_segment_mut(self, segment);
    }

    fn visit_type_fn_ptr_mut(&mut self, pointer: &mut TypeFnPtr) {
        self.of_function += 1;
        let lifetimes = pointer.lifetimes.take();
        self.within(&lifetimes, |this| {
            visit_mut::visit_type_fn_ptr_mut(this, pointer)
        });
        pointer.lifetimes = lifetimes;
        self.of_function -= 1;
    }

    fn visit_parenthesized_generic_arguments_mut(
        &mut self,
        arguments: &mut ParenthesizedGenericArguments,
    ) {
        self.of_function += 1;
        visit_mut::visit_parenthesized_generic_arguments_mut(self, arguments);
        self.of_function -= 1;
    }

    fn visit_type_param_bound_mut(&mut self, bound: &mut TypeParamBound) {
        let TypeParamBound::Trait(of) = bound else {
            return visit_mut::visit_type_param_bound_mut(self, bound);
        };
        let lifetimes = of.lifetimes.take();
        self.within(&lifetimes, |this| {
            visit_mut::visit_trait_bound_mut(this, of)
        });
        of.lifetimes = lifetimes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(text: &str) -> Type {
        syn::parse_str(text).unwrap()
    }

    fn text(ty: impl ToTokens) -> String {
        ty.to_token_stream().to_string()
    }

    fn spelt(text: &str) -> String {
        self::text(ty(text))
    }

    #[test]
    fn fallible_is_a_matter_of_the_name() {
        for text in ["Result<u8>", "anyhow::Result<()>", "io::Result<Vec<u8>>"] {
            assert!(is_result(&ty(text)), "{text}");
        }
        for text in [
            "Vec<Result<u8>>",
            "()",
            "Results",
            "String",
            "ParseResult<u8>",
        ] {
            assert!(!is_result(&ty(text)), "{text}");
        }
    }

    #[test]
    fn lifetimes_are_renamed_written_or_not() {
        let cases = [
            ("&str", "&'to str"),
            ("Cow<'a, str>", "Cow<'to, str>"),
            ("Cow<str>", "Cow<'to, str>"),
            ("Vec<&'_ [u8]>", "Vec<&'to [u8]>"),
            ("&'static str", "&'static str"),
            ("dyn Llm<'_> + '_", "dyn Llm<'to> + 'to"),
        ];
        for (before, after) in cases {
            let mut ty = ty(before);
            rename_lifetimes(&mut ty, &Lifetime::new("'to", Span::call_site()));
            assert_eq!(text(ty), spelt(after));
        }
    }

    #[test]
    fn the_lifetimes_of_a_function_are_its_own() {
        let own = [
            "Box<dyn Fn(&str) -> &str + Send + Sync>",
            "fn(&str, Cow<'_, str>) -> &u8",
            "Box<dyn for<'x> Llm<'x>>",
            "Box<dyn for<'x> Fn(&'x str) -> Box<dyn Llm + 'x>>",
            "for<'x> fn(&'x str) -> &'x str",
            "Vec<fn(Cow<str>)>",
        ];
        for own in own {
            assert!(!borrows(&ty(own)), "{own}");
            let mut renamed = ty(own);
            rename_lifetimes(&mut renamed, &Lifetime::new("'to", Span::call_site()));
            assert_eq!(text(renamed), spelt(own));
        }
        let mut mixed = ty("&Box<dyn for<'x> Fn(&'x str, &'s u8) + 's>");
        rename_lifetimes(&mut mixed, &Lifetime::new("'to", Span::call_site()));
        assert_eq!(
            text(mixed),
            spelt("&'to Box<dyn for<'x> Fn(&'x str, &'to u8) + 'to>")
        );
    }

    #[test]
    fn what_is_behind_a_reference_lives_as_long_as_the_program() {
        let mut ty = ty("(&Cow<'_, str>, &&str, Ref<'_, u8>)");
        rename_outer_lifetimes(&mut ty, &Lifetime::new("'to", Span::call_site()));
        assert_eq!(
            text(ty),
            spelt("(&'to Cow<'static, str>, &'to &'static str, Ref<'to, u8>)")
        );
    }

    #[test]
    fn groups_and_parentheses_are_looked_through() {
        assert_eq!(
            text(plain(&ty("(Option<(&(str))>)"))),
            spelt("Option<&str>")
        );
        let object = plain(&ty("&((dyn Llm + Send))"));
        assert_eq!(text(&object), spelt("&(dyn Llm + Send)"));
        let Type::Reference(reference) = object else {
            unreachable!()
        };
        assert!(is_dyn(&reference.elem));
    }

    #[test]
    fn self_is_the_node() {
        let mut ty = ty("Vec<(Self, Self::Part, [u8; 2])>");
        without_self(&mut ty, &syn::parse_quote!(nodes::Search));
        assert_eq!(
            text(ty),
            spelt("Vec<(nodes::Search, nodes::Search::Part, [u8; 2])>")
        );
    }
}
