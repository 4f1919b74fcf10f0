//! The macros of [pocketflow](https://docs.rs/pocketflow-dsl): use them through that crate, which documents and re-exports them.

mod action;
mod duration;
mod editor;
#[cfg(test)]
mod expansion;
mod flow;
mod krate;
mod names;
mod node;
mod refusal;
mod store;
#[cfg(test)]
mod tests;
mod types;

use proc_macro::TokenStream;

/// Describes a shared store. See `pocketflow::Shared`.
#[proc_macro_derive(Shared, attributes(shared))]
pub fn derive_shared(input: TokenStream) -> TokenStream {
    store::derive(input.into()).into()
}

/// Makes the variants of an enum the actions of a node. See `pocketflow::Action`.
#[proc_macro_derive(Action, attributes(action, appends))]
pub fn derive_action(input: TokenStream) -> TokenStream {
    action::derive(input.into()).into()
}

/// Turns a function, or an `impl`, into a node.
#[proc_macro_attribute]
pub fn node(attributes: TokenStream, item: TokenStream) -> TokenStream {
    node::node(attributes.into(), item.into()).into()
}

/// Turns a graph into a flow.
#[proc_macro]
pub fn flow(input: TokenStream) -> TokenStream {
    flow::flow(input.into()).into()
}
