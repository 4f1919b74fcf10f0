//! The function form: the function is `exec`, its parameters are `prep`, and what it returns is
//! `post`.

use quote::ToTokens;
use syn::{ItemFn, Signature};

use super::marks::marks;
use super::{Form, Model};
use crate::names::code;
use crate::node::parse::options::Options;
use crate::node::parse::{Role, step};
use crate::refusal::Errors;

/// A signature as a person would write it. rust-analyzer puts more spaces between tokens than
/// rustc.
fn written(signature: &Signature) -> String {
    let name = &signature.ident;
    code(signature)
        .replace(&format!("{name} ("), &format!("{name}("))
        .replace(" :", ":")
}

/// The node of a function.
pub(crate) fn model(options: Options, mut item: Box<ItemFn>, errors: &mut Errors) -> Model {
    let exec = step(
        Role::Function,
        &mut item.sig,
        options.store.as_ref(),
        errors,
    );
    let name = item.sig.ident.clone();
    Model {
        form: Form::Function(item.vis.clone(), written(&item.sig)),
        node: name.clone().into(),
        generic: None,
        name,
        marks: marks(&item.attrs),
        prep: None,
        exec,
        fallback: None,
        post: None,
        item: item.into_token_stream(),
        options,
    }
}
