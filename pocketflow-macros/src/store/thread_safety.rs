//! The check that the fields of a store can be sent between threads, because a run can change
//! threads.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{GenericArgument, Ident, PathArguments, Type};

use super::fields::Field;
use crate::names::code;
use crate::types::without_self;

/// The type that checks a field. `None` for well-known types; if a user's type has the name of one,
/// rustc reports what is wrong with it.
pub(super) fn check(store: &Ident, field: &Field<'_>) -> Option<TokenStream> {
    let Field { ty, .. } = field;
    if is_known(ty) {
        return None;
    }
    let (text, help) = (code(ty), help(ty));
    let (first, last) = ends(ty);
    // The check is written beside the store's impls.
    let mut ty = (*ty).clone();
    without_self(&mut ty, &store.clone().into());
    let mut arguments = Group::new(
        proc_macro2::Delimiter::Parenthesis,
        quote!(#text, __p::ThreadSafety::<#ty>::__SEND, __p::ThreadSafety::<#ty>::__SYNC, #help),
    );
    arguments.set_span(last);
    let [p, name] = ["__p", "check_field"].map(|name| Ident::new(name, first));
    // The whole call has the span of the type, from its first token to its last.
    let call = quote!(#p::#name #arguments);
    Some(quote!(__p::Sound<{ #call }>))
}

fn ends(tokens: impl ToTokens) -> (Span, Span) {
    let mut tokens = tokens.into_token_stream().into_iter();
    let first = tokens
        .next()
        .as_ref()
        .map_or_else(Span::call_site, TokenTree::span);
    (first, tokens.last().as_ref().map_or(first, TokenTree::span))
}

fn is_known(ty: &Type) -> bool {
    const PLAIN: &[&str] = &[
        "String",
        "bool",
        "char",
        "f32",
        "f64",
        "i8",
        "i16",
        "i32",
        "i64",
        "i128",
        "isize",
        "u8",
        "u16",
        "u32",
        "u64",
        "u128",
        "usize",
        "PathBuf",
        "Duration",
        "Instant",
        "SystemTime",
    ];
    const OF_OTHERS: &[&str] = &[
        "Option", "Vec", "VecDeque", "HashMap", "HashSet", "BTreeMap", "BTreeSet", "Box",
    ];
    match ty {
        Type::Paren(inner) => is_known(&inner.elem),
        Type::Group(inner) => is_known(&inner.elem),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_known),
        Type::Array(array) => is_known(&array.elem),
        Type::Path(path) if path.qself.is_none() => {
            let Some(last) = path.path.segments.last() else {
                return false;
            };
            match &last.arguments {
                PathArguments::None => PLAIN.iter().any(|plain| last.ident == plain),
                PathArguments::AngleBracketed(given) => OF_OTHERS
                    .iter()
                    .any(|other| last.ident == other)
                    && given.args.iter().all(
                        |argument| matches!(argument, GenericArgument::Type(ty) if is_known(ty)),
                    ),
                PathArguments::Parenthesized(_) => false,
            }
        }
        _ => false,
    }
}

/// What to write instead.
fn help(ty: &Type) -> String {
    /// The part of a type that threads cannot share.
    #[derive(Default)]
    struct Found {
        cell: Option<(Ident, Option<String>)>,
        rc: bool,
        object: Option<String>,
        pointer: bool,
    }
    impl VisitMut for Found {
        fn visit_path_segment_mut(&mut self, segment: &mut syn::PathSegment) {
            let inner = match &segment.arguments {
                PathArguments::AngleBracketed(given) => given.args.first().map(code),
                _ => None,
            };
            match segment.ident.to_string().as_str() {
                "Cell" | "RefCell" | "OnceCell" | "UnsafeCell" if self.cell.is_none() => {
                    self.cell = Some((segment.ident.clone(), inner));
                }
                "Rc" => self.rc = true,
                _ => {}
            }
            visit_mut::visit_path_segment_mut(self, segment);
        }
        fn visit_type_trait_object_mut(&mut self, object: &mut syn::TypeTraitObject) {
            self.object.get_or_insert_with(|| code(&object.bounds));
        }
        fn visit_type_ptr_mut(&mut self, _: &mut syn::TypePtr) {
            self.pointer = true;
        }
    }
    let mut found = Found::default();
    found.visit_type_mut(&mut ty.clone());
    match found {
        Found {
            cell: Some((name, Some(inner))),
            ..
        } => format!(
            "write `{inner}` instead of `{name}<{inner}>`: a node changes a field through `writes`, or as `&mut` in `post`"
        ),
        Found { cell: Some(_), .. } => {
            "let a node change the field, through `writes`, or as `&mut` in `post`".into()
        }
        Found { rc: true, .. } => "write `Arc` instead of `Rc`".into(),
        Found {
            object: Some(object),
            ..
        } => {
            format!(
                "write `dyn {object} + Send + Sync`, or let the trait ask for it: `trait …: Send + Sync`"
            )
        }
        Found { pointer: true, .. } => "keep it outside the store".into(),
        _ => "keep it outside the store, or behind a `Mutex` or in a pool".into(),
    }
}
