//! Sets of a store's fields, as bit sets over [`Store::fields`].

use super::Store;

impl Store {
    /// The number of words in a set of this store's fields.
    pub(crate) const fn words(&self) -> usize {
        self.fields.len().div_ceil(64)
    }

    /// The fields with these names, as a set.
    pub(crate) const fn set<const W: usize>(&self, names: &[&str]) -> [u64; W] {
        let mut set = [0; W];
        self.add(&mut set, names);
        set
    }

    /// Adds the fields with these names to a set.
    pub(crate) const fn add<const W: usize>(&self, set: &mut [u64; W], names: &[&str]) {
        let mut name = 0;
        while name < names.len() {
            if let Some(field) = self.field(names[name]) {
                set[field / 64] |= 1 << (field % 64);
            }
            name += 1;
        }
    }

    /// Whether it has all fields with these names.
    pub(crate) const fn has_all(&self, names: &[&str]) -> bool {
        let mut name = 0;
        while name < names.len() {
            if self.field(names[name]).is_none() {
                return false;
            }
            name += 1;
        }
        true
    }

    /// The fields with these names that an `Option` may leave empty, as a set. The others hold the
    /// `Option` itself.
    pub(crate) const fn emptied<const W: usize>(&self, names: &[&str]) -> [u64; W] {
        let mut set = [0; W];
        let mut name = 0;
        while name < names.len() {
            if self.is_emptied(names[name]) {
                self.add(&mut set, &[names[name]]);
            }
            name += 1;
        }
        set
    }

    /// The late fields, as a set.
    pub(crate) const fn late_fields<const W: usize>(&self) -> [u64; W] {
        let mut set = [0; W];
        let mut field = 0;
        while field < self.fields.len() {
            if self.fields[field].late {
                set[field / 64] |= 1 << (field % 64);
            }
            field += 1;
        }
        set
    }

    /// All fields, as a set.
    pub(crate) const fn all<const W: usize>(&self) -> [u64; W] {
        let mut set = [0; W];
        let mut field = 0;
        while field < self.fields.len() {
            set[field / 64] |= 1 << (field % 64);
            field += 1;
        }
        set
    }
}
