//! Gets the code: a folder, or a clone of a git repository.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

/// A temporary folder, which is removed when it is dropped.
#[derive(Debug)]
pub struct Checkout(PathBuf);

impl Checkout {
    fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "tutorial-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Relaxed)
        );
        let folder = std::env::temp_dir().join(name);
        // This fails if the folder exists, because it then belongs to another program.
        std::fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self(folder))
    }

    /// The path of the folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Whether this is the address of a repository: `https://…`, `ssh://…`, `file://…`, or `git@host:path`.
pub fn is_url(source: &str) -> bool {
    source.contains("://") || source.starts_with("git@")
}

/// The last part of an address or of a folder's absolute path. The tutorial uses it as the name of
/// the project.
pub fn project(source: &str) -> String {
    let folder = Path::new(source).canonicalize().ok();
    if let Some(name) = folder.as_deref().and_then(Path::file_name) {
        return name.to_string_lossy().into_owned();
    }
    let name = source
        .trim_end_matches('/')
        .rsplit(['/', ':'])
        .next()
        .unwrap_or_default();
    name.strip_suffix(".git").unwrap_or(name).to_owned()
}

/// Clones the newest commit of a repository. Dropping the future stops git.
///
/// # Errors
///
/// Fails if git is not installed or reports an error.
pub async fn clone(url: &str) -> Result<Checkout> {
    let checkout = Checkout::new()?;
    let mut git = Command::new("git");
    git.args(["clone", "--quiet", "--depth", "1", "--", url])
        .arg(checkout.folder());
    // git must not ask for a password, because no user can answer.
    git.env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = git
        .output()
        .await
        .context("cannot start git: is it installed?")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "git cannot clone {url}:\n{}",
        said.trim()
    );
    Ok(checkout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_folders_are_distinguished_and_named() {
        for (source, url, name) in [
            ("https://example.com/ada/engine.git", true, "engine"),
            ("git@example.com:engine.git", true, "engine"),
            ("code/engine/", false, "engine"),
            (
                concat!(env!("CARGO_MANIFEST_DIR"), "/src/.."),
                false,
                "tutorial",
            ),
        ] {
            assert_eq!(
                (is_url(source), project(source).as_str()),
                (url, name),
                "{source}"
            );
        }
    }

    #[tokio::test]
    async fn a_failed_clone_says_why_and_leaves_nothing_behind() {
        let error = clone("file:///no/such/repository")
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("git cannot clone file:///no/such/repository:\n"),
            "{error}"
        );
        let checkout = Checkout::new().unwrap();
        let folder = checkout.folder().to_owned();
        std::fs::write(folder.join("file"), "").unwrap();
        drop(checkout);
        assert!(!folder.exists());
    }
}
