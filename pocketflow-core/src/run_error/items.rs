//! The items of collections on the path of an error: the inner runs of `Flow.each(field)` that it
//! has left.

use std::fmt;
use std::sync::Arc;

use super::{Error, Inner};

/// Which item of a collection a run of `Flow.each(field)` is for. It prints as `[3]`, or as
/// `["Ada"]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ItemName {
    /// The index of the item, counted from 0.
    Index(usize),
    /// The key of the item in a map, as text.
    Key(String),
}

impl ItemName {
    /// The index, if the collection is not a map.
    pub fn index(&self) -> Option<usize> {
        match self {
            Self::Index(index) => Some(*index),
            Self::Key(_) => None,
        }
    }

    /// The key, if the collection is a map.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Index(_) => None,
            Self::Key(key) => Some(key),
        }
    }
}

impl fmt::Display for ItemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Key(key) => write!(f, "[{key:?}]"),
        }
    }
}

/// An item, and the position of its collection in the path.
#[derive(Clone)]
pub(super) struct PathItem {
    position: usize,
    name: ItemName,
}

impl Error {
    /// The items of collections on the [path](Self::path), from the outermost to the innermost. Each
    /// comes with the name of its field.
    ///
    /// ```
    /// use pocketflow::{ItemName, Shared, flow, node};
    ///
    /// #[derive(Shared, Default)] struct Document { text: String, summary: Option<String> }
    /// #[derive(Shared, Default)] struct Library { documents: Vec<Document> }
    ///
    /// #[node(Document, writes = summary)]
    /// async fn summarize(text: &str) -> Result<String, String> {
    ///     if text.is_empty() { Err("there is no text".into()) } else { Ok(text.into()) }
    /// }
    ///
    /// flow! { Summarize { summarize; } }
    /// flow! { Digest: Library { Summarize.each(documents, parallel = 8); } }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let document = |text: &str| Document { text: text.into(), summary: None };
    /// let mut library = Library { documents: vec![document("rain"), document("")] };
    /// let error = Digest.run(&mut library).await.unwrap_err();
    /// assert_eq!(error.to_string(), "Digest > documents[1] > summarize: exec failed");
    /// assert_eq!(error.items().next(), Some(("documents", &ItemName::Index(1))));
    /// # }
    /// ```
    pub fn items(&self) -> impl Iterator<Item = (&'static str, &ItemName)> {
        let Inner { path, items, .. } = &*self.0;
        items.iter().map(|item| (path[item.position], &item.name))
    }

    /// The error, as it leaves an item of the collection at this position of its path. It may name the
    /// item already, and an error of a driver may have a path of its own.
    #[cold]
    pub(crate) fn in_item(self, position: usize, name: ItemName) -> Self {
        let known = self.0.items.iter().any(|item| item.position == position);
        if known || position >= self.0.path.len() {
            return self;
        }
        let mut inner = Arc::unwrap_or_clone(self.0);
        inner.items.insert(0, PathItem { position, name });
        Self(Arc::new(inner))
    }

    /// The outermost item of the collections after this many names of the path.
    pub(super) fn item_after(&self, names: usize) -> Option<&ItemName> {
        let mut items = self.0.items.iter();
        Some(&items.find(|item| item.position >= names)?.name)
    }

    /// Whether it names an item.
    pub(super) fn has_items(&self) -> bool {
        !self.0.items.is_empty()
    }

    /// The names of the path, each with its item.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, Option<&ItemName>)> {
        let Inner { path, items, .. } = &*self.0;
        path.iter().enumerate().map(|(position, name)| {
            let mut items = items.iter().filter(move |item| item.position == position);
            (*name, items.next().map(|item| &item.name))
        })
    }

    pub(super) fn write_path(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, (name, item)) in self.named().enumerate() {
            write!(f, "{}{name}", if depth == 0 { "" } else { " > " })?;
            if let Some(item) = item {
                fmt::Display::fmt(item, f)?;
            }
        }
        Ok(())
    }
}
