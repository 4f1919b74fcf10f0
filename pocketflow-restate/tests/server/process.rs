//! A process that ends with the test.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A process, which is killed with SIGKILL when this value is dropped, and also when the process of the
/// tests is killed: a shell waits for the end of its input, which comes in either case.
pub(crate) struct Process {
    shell: Child,
    output: PathBuf,
}

impl Process {
    /// Starts a program, whose output goes to a file.
    pub(crate) fn start<'a>(
        program: impl AsRef<OsStr>,
        arguments: &[&str],
        environment: impl IntoIterator<Item = (&'a str, String)>,
        output: &Path,
    ) -> Process {
        const WATCH: &str = r#"trap '' INT TERM HUP
            "$@" </dev/null & process=$!
            read -r line
            kill -9 "$process" 2>/dev/null
            wait "$process""#;
        let file = File::options().append(true).create(true).open(output);
        let file = file.unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", WATCH, "sh"]).arg(program);
        command.args(arguments).envs(environment);
        command.stdin(Stdio::piped());
        command.stdout(file.try_clone().unwrap()).stderr(file);
        Process {
            shell: command.spawn().unwrap(),
            output: output.to_owned(),
        }
    }

    /// The end of what it has printed.
    pub(crate) fn printed(&self) -> String {
        let text = std::fs::read(&self.output).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
