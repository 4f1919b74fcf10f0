//! The impls with which a flow of another store runs on a field of this one.
//!
//! Every field that may hold stores costs an impl, which rustc checks in each crate that has the
//! store. So fields whose tokens show that they hold none have none.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericArgument, Ident, PathArguments, Type};

use super::fields::Field;
use crate::krate::Krate;
use crate::names::{field_hash, ours};
use crate::types::without_self;

/// The method of `Shared` that describes the stores in the fields.
pub(super) fn inner_store(fields: &[Field<'_>]) -> Option<TokenStream> {
    let (mut indices, mut types) = (Vec::new(), Vec::new());
    for (index, field) in fields.iter().enumerate() {
        if may_hold(field.ty) {
            indices.push(index);
            types.push(field.ty);
        }
    }
    (!indices.is_empty()).then(|| {
        quote! {
            fn inner_store(__field: __p::usize) -> __p::Option<__p::InnerStore> {
                use __p::NoStoreIn as _;
                match __field {
                    #(#indices => __p::Option::or(
                        __p::StoreIn::<#types>::__ONE,
                        __p::StoreIn::<#types>::__EACH,
                    ),)*
                    _ => __p::Option::None,
                }
            }
        }
    })
}

/// The impls of `Reach` and, if a field may hold stores, of `Split` and of `FieldOn` for each such
/// field.
pub(super) fn impls(
    pf: &Krate,
    store: &Ident,
    fields: &[Field<'_>],
    sound: Option<&TokenStream>,
) -> TokenStream {
    let fields: Vec<_> = fields.iter().filter(|field| may_hold(field.ty)).collect();
    let reach = quote! {
        #[automatically_derived]
        impl #pf::Reach for #store
        where
            #sound
        {
            type Store = Self;

            #[inline]
            fn reach(&mut self) -> __p::Option<&mut Self> {
                __p::Option::Some(self)
            }
        }
    };
    if fields.is_empty() {
        return reach;
    }
    let names: Vec<_> = fields.iter().map(|field| ours(field.name)).collect();
    let hashes: Vec<_> = fields.iter().map(|field| field_hash(field.name)).collect();
    let types: Vec<_> = fields
        .iter()
        .map(|field| {
            let mut ty = field.ty.clone();
            without_self(&mut ty, &store.clone().into());
            ty
        })
        .collect();
    quote! {
        #reach

        pub struct __Parts<'p> {
            #(#names: __p::Option<&'p mut #types>,)*
        }

        #[automatically_derived]
        impl __p::Split for #store
        where
            #sound
        {
            type Parts<'p> = __Parts<'p>;

            #[inline]
            fn parts(&mut self) -> Self::Parts<'_> {
                __Parts { #(#names: __p::Option::Some(&mut self.#names),)* }
            }

            #[inline]
            fn no_parts<'p>() -> Self::Parts<'p> {
                __Parts { #(#names: __p::Option::None,)* }
            }

            #[inline]
            fn move_part<'p>(
                    __from: &mut Self::Parts<'p>,
                    __to: &mut Self::Parts<'p>,
                    __field: __p::u64,
                ) {
                match __field {
                    #(#hashes => __to.#names = __p::Option::take(&mut __from.#names),)*
                    _ => {}
                }
            }
        }

        #(
            #[automatically_derived]
            impl<__P, __M> __p::FieldOn<#hashes, __P, __M> for #store
            where
                __P: __p::InnerPlace,
                __M: __p::Mode,
                #types: __p::RunOn<__P, __M>,
                #sound
            {
                #[inline]
                fn field<'p>(__parts: __p::Parts<'p, Self>) -> &'p mut (impl __p::RunOn<__P, __M> + 'p) {
                    __p::part(__parts.0.#names)
                }
            }
        )*
    }
}

/// Whether a field of this type may hold stores. For any other field, rustc reports at the user's
/// token that no flow runs on it.
fn may_hold(ty: &Type) -> bool {
    const NEVER: &[&str] = &[
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
        "OsString",
        "Duration",
        "Instant",
        "SystemTime",
        "HashSet",
        "BTreeSet",
        "Arc",
        "Failed",
    ];
    const OF_OTHERS: &[&str] = &["Option", "Box", "Vec", "VecDeque", "HashMap", "BTreeMap"];
    match ty {
        Type::Paren(inner) => may_hold(&inner.elem),
        Type::Group(inner) => may_hold(&inner.elem),
        Type::Array(array) => may_hold(&array.elem),
        Type::Slice(slice) => may_hold(&slice.elem),
        Type::Macro(_) => true,
        Type::Path(path) if path.qself.is_none() => {
            let Some(last) = path.path.segments.last() else {
                return false;
            };
            let is_one_of = |names: &[&str]| names.iter().any(|name| last.ident == name);
            match &last.arguments {
                PathArguments::AngleBracketed(given) if is_one_of(OF_OTHERS) => {
                    // A map holds its values, and its hasher may follow them.
                    let place = usize::from(is_one_of(&["HashMap", "BTreeMap"]));
                    let mut types = given.args.iter().filter_map(|argument| match argument {
                        GenericArgument::Type(ty) => Some(ty),
                        _ => None,
                    });
                    types.nth(place).is_none_or(may_hold)
                }
                PathArguments::Parenthesized(_) => false,
                _ => !is_one_of(NEVER),
            }
        }
        Type::Path(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn fields_of_plain_data_hold_no_stores() {
        let plain: [Type; 9] = [
            parse_quote!(String),
            parse_quote!(Option<u64>),
            parse_quote!(std::path::PathBuf),
            parse_quote!(Vec<Vec<f32>>),
            parse_quote!(HashMap<Desk, String>),
            parse_quote!(BTreeMap<String, Option<bool>>),
            parse_quote!((Desk, Desk)),
            parse_quote!(Option<Vec<pocketflow::Failed>>),
            parse_quote!([u8; 32]),
        ];
        for ty in &plain {
            assert!(!may_hold(ty), "{}", quote!(#ty));
        }
        let others: [Type; 9] = [
            parse_quote!(Desk),
            parse_quote!(Option<Box<Desk>>),
            parse_quote!(Vec<crate::Document>),
            parse_quote!(HashMap<String, Desk>),
            parse_quote!(BTreeMap<u64, Option<Desk>>),
            parse_quote!([Desk; 2]),
            parse_quote!(Box<[Desk]>),
            parse_quote!(Pages<Desk>),
            parse_quote!(<Book as Has>::Chapters),
        ];
        for ty in &others {
            assert!(may_hold(ty), "{}", quote!(#ty));
        }
    }
}
