//! The files of a pattern such as `runs/*.jsonl`.

use std::path::{Path, PathBuf};

use super::error::{ReplayError, ReplayErrorKind};

/// The files whose names are like the last part of the pattern, in the order of their names.
pub(super) fn matching(pattern: &Path) -> Result<Vec<PathBuf>, ReplayError> {
    // Not `file_name`, which is a name before a last `/`, too.
    let ends_in_folder = pattern.to_string_lossy().ends_with(std::path::is_separator);
    let Some(name) = pattern.file_name().filter(|_| !ends_in_folder) else {
        let pattern = pattern.to_owned();
        return Err(ReplayErrorKind::FolderOnly { pattern }.into());
    };
    let folder = match pattern.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let name = name.to_string_lossy();
    let whole = || std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let unreadable = |error: std::io::Error| {
        ReplayError::from(ReplayErrorKind::Folder {
            folder: whole(),
            error: error.to_string(),
        })
    };
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let file = folder.join(entry.file_name());
        if is_like(&entry.file_name().to_string_lossy(), &name) && file.is_file() {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(ReplayError::from(ReplayErrorKind::NoFile {
            folder: whole(),
            pattern: name.into_owned(),
        }));
    }
    files.sort();
    Ok(files)
}

/// Whether a name is like a pattern, in which each `*` stands for any letters.
fn is_like(name: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return name == pattern;
    };
    let Some(mut name) = name.strip_prefix(start) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    name.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_letters() {
        for name in ["run.jsonl", "r.jsonl", "run-17.jsonl"] {
            assert!(is_like(name, "r*.jsonl") && is_like(name, "*"), "{name}");
        }
        assert!(is_like("run-17-b.jsonl", "run*17*.jsonl"));
        assert!(is_like("aba", "a*a") && !is_like("a", "a*a"));
        for name in ["run.json", "x-run.jsonl", "run.jsonl.bak"] {
            assert!(!is_like(name, "r*.jsonl"), "{name}");
        }
    }

    #[test]
    fn files_are_found_and_sorted() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.jsonl", "a.jsonl", "c.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let files = matching(&folder.path().join("*.jsonl")).unwrap();
        let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap()).collect();
        assert_eq!(names, ["a.jsonl", "b.jsonl"]);
        let error = matching(&folder.path().join("*.xml"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("has a name like `*.xml`"), "{error}");
        for only_folder in ["/", "runs/", ".."] {
            let error = matching(Path::new(only_folder)).unwrap_err().to_string();
            assert!(
                error.contains("names a folder, and not its files"),
                "{error}"
            );
        }
        let error = matching(&folder.path().join("none/*.xml"))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("cannot read the folder"), "{error}");
    }
}
