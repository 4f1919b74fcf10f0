//! The packages and crates of a folder, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use ignore::WalkBuilder;
use serde::Deserialize;

/// The packages of a folder, and the crates that they build.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    /// The packages, by name.
    pub packages: Vec<Package>,
    /// Their libraries and programs. Tests, benches and examples are left out, because a tutorial
    /// is about the code that they use.
    pub crates: Vec<Crate>,
}

/// A package: a folder with a `Cargo.toml`.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its name in `Cargo.toml`.
    pub name: String,
    /// Its description in `Cargo.toml`.
    pub description: String,
    /// The packages of this folder that it depends on, without those that only its tests or its
    /// build script need.
    pub needs: BTreeSet<usize>,
}

/// A unit of compilation: a library or a program.
#[derive(Debug, Clone)]
pub struct Crate {
    /// The package that it belongs to.
    pub package: usize,
    /// Its name in code.
    pub name: String,
    /// Whether it is a program. If not, it is a library.
    pub program: bool,
    /// Its root file.
    pub file: PathBuf,
    /// The crates that its code may name, by the names that it uses for them.
    pub externs: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<CargoPackage>,
}

#[derive(Deserialize)]
struct CargoPackage {
    name: String,
    description: Option<String>,
    manifest_path: PathBuf,
    targets: Vec<CargoTarget>,
    dependencies: Vec<CargoDependency>,
}

#[derive(Deserialize)]
struct CargoTarget {
    name: String,
    kind: Vec<String>,
    src_path: PathBuf,
}

#[derive(Deserialize)]
struct CargoDependency {
    rename: Option<String>,
    kind: Option<String>,
    path: Option<PathBuf>,
}

impl CargoPackage {
    fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}

/// The files of a folder that git would not ignore, sorted. Build folders of cargo are skipped.
pub fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut walk = WalkBuilder::new(folder);
    walk.require_git(false).filter_entry(|entry| {
        let built =
            entry.file_name() == "target" && entry.path().with_file_name("Cargo.toml").exists();
        !(built && entry.file_type().is_some_and(|kind| kind.is_dir()))
    });
    let files = walk.build().filter_map(Result::ok);
    files
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(|entry| entry.into_path())
        .collect()
}

/// Asks cargo about the outermost packages or workspaces in a folder. Manifests that cargo cannot
/// read are added to `skipped`.
///
/// # Errors
///
/// Fails if there is no Rust package, with a message that says what there is, or if cargo cannot
/// read any package.
pub fn read(
    folder: &Path,
    files: &BTreeSet<PathBuf>,
    skipped: &mut Vec<String>,
) -> Result<Workspace> {
    let manifests = outermost(files);
    if manifests.is_empty() {
        bail!(
            "{}: there is no Rust package here; tutorial only reads Rust code in folders with a Cargo.toml{}",
            folder.display(),
            others(files)
        );
    }
    let mut found = BTreeMap::new();
    let known = skipped.len();
    for manifest in manifests {
        match metadata(manifest) {
            // For a member of a workspace, cargo reports the whole workspace, including the part
            // outside the folder.
            Ok(metadata) => found.extend(
                metadata
                    .packages
                    .into_iter()
                    .filter(|package| package.manifest_path.starts_with(folder))
                    .map(|package| {
                        (
                            (package.name.clone(), package.manifest_path.clone()),
                            package,
                        )
                    }),
            ),
            Err(error) => skipped.push(format!("{}: {error:#}", manifest.display())),
        }
    }
    ensure!(
        !found.is_empty(),
        "cargo cannot read any package: {}",
        skipped[known..].join("\n")
    );
    Ok(workspace(found.into_values().collect(), files))
}

fn outermost(files: &BTreeSet<PathBuf>) -> Vec<&PathBuf> {
    let manifest = |path: &&PathBuf| path.file_name().is_some_and(|name| name == "Cargo.toml");
    let covered = |path: &&PathBuf| {
        path.ancestors()
            .skip(2)
            .any(|folder| files.contains(&folder.join("Cargo.toml")))
    };
    files
        .iter()
        .filter(manifest)
        .filter(|path| !covered(path))
        .collect()
}

fn others(files: &BTreeSet<PathBuf>) -> String {
    let mut counts = BTreeMap::<_, usize>::new();
    for extension in files.iter().filter_map(|file| file.extension()) {
        *counts.entry(extension.to_string_lossy()).or_default() += 1;
    }
    let mut counts = counts.into_iter().collect::<Vec<_>>();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let counts = counts
        .iter()
        .take(4)
        .map(|(extension, count)| format!("{count} .{extension}"));
    let counts = counts.collect::<Vec<_>>().join(", ");
    if counts.is_empty() {
        String::new()
    } else {
        format!(" (found: {counts})")
    }
}

fn metadata(manifest: &Path) -> Result<Metadata> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--manifest-path",
        ])
        .arg(manifest);
    // Do not run cargo in the folder itself, because its configuration and toolchain should not
    // apply.
    cargo.current_dir(std::env::temp_dir());
    let output = cargo.output().context("cannot start cargo")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}", said.trim());
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn workspace(found: Vec<CargoPackage>, files: &BTreeSet<PathBuf>) -> Workspace {
    let by_folder = found
        .iter()
        .enumerate()
        .map(|(index, package)| (package.folder(), index))
        .collect::<BTreeMap<_, _>>();
    let mut workspace = Workspace::default();
    let mut libraries = BTreeMap::new();
    for (package, read) in found.iter().enumerate() {
        for target in &read.targets {
            let program = target.kind.iter().any(|kind| kind == "bin");
            let library = target
                .kind
                .iter()
                .any(|kind| kind.ends_with("lib") || kind == "proc-macro");
            if !(program || library) || !files.contains(&target.src_path) {
                continue;
            }
            if library {
                libraries.insert(package, workspace.crates.len());
            }
            let (name, file) = (target.name.replace('-', "_"), target.src_path.clone());
            workspace.crates.push(Crate {
                package,
                name,
                program,
                file,
                externs: BTreeMap::new(),
            });
        }
    }

    let mut externs = vec![BTreeMap::new(); found.len()];
    for (package, read) in found.iter().enumerate() {
        let mut needs = BTreeSet::new();
        for dependency in &read.dependencies {
            let path = dependency.path.as_deref();
            let Some(&needed) = path.and_then(|path| by_folder.get(path)) else {
                continue;
            };
            if dependency.kind.is_some() || needed == package {
                continue;
            }
            needs.insert(needed);
            if let Some(&library) = libraries.get(&needed) {
                let name = dependency
                    .rename
                    .as_ref()
                    .map(|name| name.replace('-', "_"));
                externs[package].insert(
                    name.unwrap_or_else(|| workspace.crates[library].name.clone()),
                    library,
                );
            }
        }
        let description = read.description.clone().unwrap_or_default();
        workspace.packages.push(Package {
            name: read.name.clone(),
            description,
            needs,
        });
    }
    for index in 0..workspace.crates.len() {
        let package = workspace.crates[index].package;
        let mut externs = externs[package].clone();
        // A program may name the library of its own package.
        if let Some(&library) = libraries
            .get(&package)
            .filter(|_| workspace.crates[index].program)
        {
            externs.insert(workspace.crates[library].name.clone(), library);
        }
        workspace.crates[index].externs = externs;
    }
    workspace
}
