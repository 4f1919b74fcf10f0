//! A crate that depends only on the library, under another name. The test is that it compiles.
#![forbid(warnings)]
#![no_implicit_prelude]

use ::pf::{Action, Shared, flow, node};

/// The order of a customer.
#[derive(Shared)]
#[shared(crate = ::pf)]
pub struct Order {
    /// The price.
    pub total_cents: ::core::primitive::u64,
    /// The amount that was paid.
    pub receipt: ::core::option::Option<::std::string::String>,
    /// Why the order was not paid.
    pub reason: ::core::option::Option<::std::string::String>,
}

/// What a review decides.
#[derive(Action)]
#[action(Order, crate = ::pf)]
pub enum Verdict {
    /// The order may be paid.
    Approved,
    /// The order may not be paid.
    Rejected {
        /// The reason.
        reason: ::std::string::String,
    },
}

/// Reviews an order.
#[node(Order, crate = ::pf)]
pub fn review(total_cents: &::core::primitive::u64) -> Verdict {
    if *total_cents <= 100_000 {
        Verdict::Approved
    } else {
        Verdict::Rejected {
            reason: ::std::convert::Into::into("over the limit"),
        }
    }
}

/// Charges the card.
#[node(Order, writes = receipt, attempts = 2, crate = ::pf)]
pub async fn pay(
    total_cents: &::core::primitive::u64,
) -> ::core::result::Result<::std::string::String, ::std::string::String> {
    ::core::result::Result::Ok(::std::string::ToString::to_string(total_cents))
}

/// Explains why not.
#[node(Order, crate = ::pf)]
pub fn refuse(reason: &::core::primitive::str) {
    let _ = reason;
}

flow! {
    /// Reviews an order, and then charges it or says why not.
    #[flow(crate = ::pf)]
    pub Checkout: Order {
        review - "approved" >> pay;
        review - "rejected" >> refuse;
    }
}
