use crate::const_eval::hash::{START, hash};
use crate::const_eval::spelling::{equal, nearest};
use crate::run_error::EmptyField;
use crate::store::Shared;

/// The description of a shared store.
#[derive(Debug, Clone, Copy)]
pub struct Store {
    /// The struct's name.
    pub name: &'static str,
    /// The struct's place in the source, which distinguishes two stores of the same name.
    pub id: &'static str,
    /// The fields, in the order of the struct.
    pub fields: &'static [Field],
    /// The type of its context, as `#[shared(context = …)]` names it.
    pub context: Option<&'static str>,
    pub(crate) hash: u64,
}

/// The description of a store that is in a field of another one.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct InnerStore {
    /// The store.
    pub store: &'static Store,
    /// [`Shared::inner_store`] of the store.
    pub inner: fn(usize) -> Option<InnerStore>,
}

impl InnerStore {
    /// The description of a store.
    pub const fn of<S: Shared>() -> Self {
        Self {
            store: S::STORE,
            inner: S::inner_store,
        }
    }
}

/// The description of a store's field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The field's name.
    pub name: &'static str,
    /// Whether it is a late field: an `Option` that a node fills.
    pub late: bool,
    /// Whether it is a late field whose value is an `Option` as well: `Option<Option<T>>`.
    pub holds_option: bool,
    /// Whether it is a late field for a failure: an `Option<Failed>`.
    pub failure: bool,
    /// Whether it is a late field for the failures of a batch: an `Option<Vec<Failed>>`.
    pub failures: bool,
    /// Whether serde skips it. Such a field is not data, and no [visitor](crate::Fields) sees it.
    pub skipped: bool,
    /// Whether it is confidential: `#[shared(redact)]`. A driver that shows or writes values leaves out
    /// those of this field.
    pub redacted: bool,
    /// The name under which serde reads it, after `rename` and `rename_all`. A field with `flatten`
    /// has no such name, so this is the name of the field behind two dots: `..rest`.
    pub stored: &'static str,
    /// Other names that serde accepts for it.
    pub aliases: &'static [&'static str],
    hash: u64,
}

impl Store {
    /// A store, as the derive describes it.
    #[doc(hidden)]
    pub const fn new(name: &'static str, id: &'static str, fields: &'static [Field]) -> Self {
        Self {
            name,
            id,
            fields,
            context: None,
            hash: hash(START, id),
        }
    }

    /// The store, with a context of this type.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_context(self, context: &'static str) -> Self {
        Self {
            context: Some(context),
            ..self
        }
    }

    /// The index of a field, or `None` if there is no such field. rustc reports that better, at the
    /// user's parameter.
    pub const fn field(&self, name: &str) -> Option<usize> {
        // Every node of a crate looks up its fields while the crate is compiled, and comparing
        // hashes is faster than comparing names.
        let hash = hash(START, name);
        let mut index = 0;
        while index < self.fields.len() {
            if self.fields[index].hash == hash && equal(self.fields[index].name, name) {
                return Some(index);
            }
            index += 1;
        }
        None
    }

    /// Whether a field with this name is a late field whose value is not an `Option` itself, so that
    /// an `Option` sets it or clears it.
    #[doc(hidden)]
    pub const fn is_emptied(&self, name: &str) -> bool {
        match self.field(name) {
            Some(field) => self.fields[field].late && !self.fields[field].holds_option,
            None => false,
        }
    }

    /// The field that a misspelt name probably means.
    pub(crate) const fn nearest_field(&self, name: &str) -> Option<&'static str> {
        let (mut names, mut count) = ([""; 256], 0);
        while count < self.fields.len() && count < names.len() {
            names[count] = self.fields[count].name;
            count += 1;
        }
        nearest(name, names.split_at(count).0)
    }

    /// An [`EmptyField`] of this store.
    #[doc(hidden)]
    pub const fn empty(&self, field: &'static str) -> EmptyField {
        EmptyField {
            store: self.name,
            field,
        }
    }
}

impl Field {
    /// All names that a stored state may use for it, the most likely first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.stored, self.name]
            .into_iter()
            .chain(self.aliases.iter().copied())
    }

    /// A field, as the derive describes it.
    #[doc(hidden)]
    pub const fn new(name: &'static str, late: bool) -> Self {
        Self {
            name,
            late,
            holds_option: false,
            failure: false,
            failures: false,
            skipped: false,
            redacted: false,
            stored: name,
            aliases: &[],
            hash: hash(START, name),
        }
    }

    /// The field, whose value is an `Option` or not.
    #[doc(hidden)]
    #[must_use]
    pub const fn holding_option(self, holds_option: bool) -> Self {
        Self {
            holds_option,
            ..self
        }
    }

    /// The field, which holds a failure or not.
    #[doc(hidden)]
    #[must_use]
    pub const fn for_failure(self, failure: bool) -> Self {
        Self { failure, ..self }
    }

    /// The field, which holds the failures of a batch or not.
    #[doc(hidden)]
    #[must_use]
    pub const fn for_failures(self, failures: bool) -> Self {
        Self { failures, ..self }
    }

    /// The field, marked as skipped by serde.
    #[doc(hidden)]
    #[must_use]
    pub const fn skipped(self) -> Self {
        Self {
            skipped: true,
            ..self
        }
    }

    /// The field, marked as confidential.
    #[doc(hidden)]
    #[must_use]
    pub const fn confidential(self) -> Self {
        Self {
            redacted: true,
            ..self
        }
    }

    /// The field, which serde reads under this name.
    #[doc(hidden)]
    #[must_use]
    pub const fn stored_as(self, stored: &'static str) -> Self {
        Self { stored, ..self }
    }

    /// The field, which serde accepts under these names as well.
    #[doc(hidden)]
    #[must_use]
    pub const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }
}
