//! Full-text search over a folder of documents, with SQLite's FTS5.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

/// The paragraphs of a folder's `.md` and `.txt` files, in an in-memory index.
pub struct Library(Mutex<Connection>);

/// A paragraph that matches a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// The first line of the document.
    pub title: String,
    /// The paragraph.
    pub text: String,
}

impl Library {
    /// Reads a folder and indexes its files.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be read or has no such file.
    pub fn open(folder: &Path) -> Result<Self> {
        let connection = Connection::open_in_memory()?;
        // `porter` finds "tides" for "tide". A match in the title has more weight: see `search`.
        connection.execute_batch(
            "CREATE VIRTUAL TABLE passages USING fts5(title, text, tokenize = 'porter')",
        )?;
        let mut documents = 0;
        let mut insert = connection.prepare("INSERT INTO passages VALUES (?, ?)")?;
        for entry in folder
            .read_dir()
            .with_context(|| folder.display().to_string())?
        {
            let path = entry?.path();
            if !path
                .extension()
                .is_some_and(|extension| extension == "md" || extension == "txt")
            {
                continue;
            }
            let text =
                std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let (title, text) = text.trim_start().split_once('\n').unwrap_or((&text, ""));
            let title = title.trim_start_matches('#').trim();
            for paragraph in text
                .replace("\r\n", "\n")
                .split("\n\n")
                .map(str::trim)
                .filter(|text| !text.is_empty())
            {
                insert.execute(params![title, paragraph])?;
            }
            documents += 1;
        }
        ensure!(
            documents > 0,
            "{}: there are no .md or .txt files here",
            folder.display()
        );
        drop(insert);
        Ok(Self(Mutex::new(connection)))
    }

    /// The passages that match a query, the best first. A passage matches if it has any of the
    /// words. More words, and rarer words, rank higher. With a title, only the texts of that title
    /// are searched.
    ///
    /// # Errors
    ///
    /// Fails if SQLite fails.
    pub fn search(&self, query: &str, title: Option<&str>, most: usize) -> Result<Vec<Passage>> {
        // A model may write anything, so only its words go into the query, each as a quoted string.
        // That way, none of them is an operator.
        let words = query
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty());
        let query = words
            .map(|word| format!("\"{word}\""))
            .collect::<Vec<_>>()
            .join(" OR ");
        if query.is_empty() {
            return Ok(Vec::new());
        }
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = connection.prepare(
            "SELECT title, text FROM passages WHERE passages MATCH ?1 AND title = ifnull(?2, title) COLLATE NOCASE \
             ORDER BY bm25(passages, 3.0, 1.0), rowid LIMIT ?3",
        )?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let passages = found.query_map(params![query, title, most], |row| {
            Ok(Passage {
                title: row.get(0)?,
                text: row.get(1)?,
            })
        })?;
        Ok(passages.collect::<rusqlite::Result<_>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(files: &[(&str, &str)]) -> Result<Library> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Library::open(folder.path())
    }

    #[test]
    fn the_best_passage_comes_first_whatever_the_query_looks_like() {
        let library = library(&[
            (
                "moon.md",
                "# The Moon\n\nIt circles the Earth.\n\nIt pulls the tides along.\n",
            ),
            ("tea.txt", "Tea\n\nLeaves in hot water.\n"),
            ("notes.bin", "tides tides tides"),
        ])
        .unwrap();
        let text = |query: &str| {
            Some(
                library
                    .search(query, None, 1)
                    .unwrap()
                    .first()?
                    .text
                    .clone(),
            )
        };
        assert_eq!(
            text("what makes a tide?").as_deref(),
            Some("It pulls the tides along.")
        );
        assert_eq!(
            text("\"hot AND (water\"* NEAR").as_deref(),
            Some("Leaves in hot water.")
        );
        assert_eq!(text("submarine"), None);
        assert_eq!(text("?!"), None);
        assert_eq!(
            library.search("moon", None, 9).unwrap().len(),
            2,
            "the title counts"
        );
        let within = |title| library.search("tides water", Some(title), 9).unwrap().len();
        assert_eq!(
            (within("tea"), within("The Moon"), within("no such text")),
            (1, 1, 0)
        );
    }

    #[test]
    fn a_folder_without_documents_is_an_error() {
        let error = library(&[("notes.bin", "")]).err().unwrap();
        assert!(
            error
                .to_string()
                .ends_with("there are no .md or .txt files here"),
            "{error}"
        );
        assert!(Library::open(Path::new("no/such/folder")).is_err());
    }
}
