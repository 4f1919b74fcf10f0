//! The late fields that an `await` waits for.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::sync::Arc;

use pocketflow::{Field, VisitField, VisitWith};

use super::{Random, Setup};
use crate::names::short;

/// The visitor that fills the field of an `await` with a generated value. It takes every field whose
/// type borrows nothing.
pub struct LateFields(Fill);

/// What it fills.
pub(super) struct Fill {
    pub(super) setup: Arc<Setup>,
    pub(super) random: Random,
    /// The type for which there is no strategy.
    pub(super) no_strategy: Option<String>,
}

impl LateFields {
    pub(super) fn new(fill: Fill) -> Self {
        Self(fill)
    }

    /// The type for which there is no strategy.
    pub(super) fn no_strategy(self) -> Option<String> {
        self.0.no_strategy
    }

    fn fill<T: 'static>(&mut self, value: &mut T) {
        let Fill {
            setup,
            random,
            no_strategy,
        } = &mut self.0;
        match setup.late.get(&TypeId::of::<T>()) {
            Some(fill) => fill(setup, random, value as &mut dyn Any),
            None => {
                let option = short(type_name::<T>());
                let inner = option.strip_prefix("Option<");
                let inner = inner.and_then(|inner| inner.strip_suffix('>'));
                *no_strategy = Some(inner.unwrap_or(&option).to_owned());
            }
        }
    }
}

impl<T: 'static> VisitField<T> for LateFields {
    fn field(&mut self, _field: &'static Field, value: &mut T, _default: Option<fn() -> T>) {
        self.fill(value);
    }
}

/// The type with which serde reads the field is a type of the derive, so a strategy cannot be for it.
impl<W, R> VisitWith<W, R> for LateFields {
    fn field_with(
        &mut self,
        _field: &'static Field,
        _value: W,
        _default: Option<fn() -> R>,
    ) -> Option<R> {
        self.0.no_strategy = Some("value with `#[serde(with = …)]`".into());
        None
    }
}

impl fmt::Debug for LateFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LateFields")
    }
}
