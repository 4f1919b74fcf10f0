//! What the steps of a node take from the store and the context, and what they store.

use quote::quote;

use super::*;

#[test]
fn a_name_is_a_field_of_the_store_or_of_the_context() {
    let node = |exec: TokenStream, post: TokenStream| {
        quote! {
            impl Node {
                fn exec(&self, #exec) {}
                fn post(&self, #post) {}
            }
        }
    };
    let wrong = Some(
        "`llm` is a field of the store in one step of this node, and of the context in another\nhelp: \
         rename one of the two fields, so that a name has one meaning",
    );
    let given = || quote!(#[context] llm: &Llm);
    for field in [
        quote!(llm: &mut Llm),
        quote!(llm: &Llm),
        quote!(llm: Option<&Llm>),
    ] {
        check(quote!(Order), node(given(), field), wrong);
    }
    check(quote!(Order), node(quote!(llm: &Llm), given()), wrong);
    check(quote!(Order), node(given(), given()), None);
    check(quote!(Order), node(given(), quote!(log: &mut Log)), None);
}

#[test]
fn exec_and_fallback_borrow_a_field_as_one_type() {
    let node = |exec: TokenStream, fallback: TokenStream| {
        quote! {
            impl Node {
                fn exec(&self, #exec) -> Result<()> {}
                fn fallback(&self, #fallback, error: Error) -> Result<()> {}
            }
        }
    };
    let wrong = Some("`exec` and `fallback` borrow the field `a`: write the same type in both");
    check(quote!(Order), node(quote!(a: &A), quote!(a: &B)), wrong);
    check(quote!(Order), node(quote!(a: &A), quote!(a: &A)), None);
    check(quote!(Order), node(quote!(a: &A), quote!(b: &B)), None);
    // The fallback may do without a field that `exec` needs.
    check(
        quote!(Order),
        node(quote!(a: &A), quote!(a: Option<&A>)),
        None,
    );
    let given = |ty: TokenStream| quote!(#[context] a: &#ty);
    check(
        quote!(Order),
        node(given(quote!(A)), given(quote!(B))),
        wrong,
    );
    check(
        quote!(Order),
        node(given(quote!(A)), given(quote!(A))),
        None,
    );
}

#[test]
fn a_value_is_stored_in_one_field() {
    let post = quote!(
        impl Node {
            fn exec(&self) -> u8 {}
            fn post(&self, exec: u8, a: &mut Vec<u8>) {}
        }
    );
    check(
        quote!(Order, appends = a),
        post,
        Some("a node with a `post` extends its fields there: write `writes(a)` instead"),
    );
    let value = || {
        quote!(
            fn a() -> (u8, u8) {}
        )
    };
    check(quote!(Order, appends = a), value(), None);
    check(quote!(Order, writes(a, b)), value(), None);
    check(
        quote!(Order, writes(a, a)),
        value(),
        Some("`a` is named twice"),
    );
}

#[test]
fn an_item_is_a_parameter_of_a_batch() {
    let node = |exec: TokenStream| {
        quote! {
            impl Node {
                fn exec(&self, #exec) -> Result<()> {}
                fn fallback(&self, #[each(xs)] x: &u8, error: Error) -> Result<()> {}
            }
        }
    };
    check(quote!(Order), node(quote!(#[each(xs)] x: &u8)), None);
    check(
        quote!(Order),
        node(quote!(y: &u8)),
        Some("this node is not a batch: mark the parameter of `exec`"),
    );
}
