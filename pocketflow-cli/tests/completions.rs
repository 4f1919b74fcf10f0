//! Completions for shells.

use std::process::Command;

fn script(shell: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_pocketflow"))
        .args(["completions", shell])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What bash offers for the last of these words.
fn bash(words: &[&str]) -> Vec<String> {
    let session = format!(
        "{}\nCOMP_WORDS=({})\nCOMP_CWORD={}\n_pocketflow pocketflow '{}' '{}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        script("bash"),
        words.join(" "),
        words.len() - 1,
        words[words.len() - 1],
        words[words.len() - 2],
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &session])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let offered = String::from_utf8(output.stdout).unwrap();
    offered.lines().map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn bash_completes() {
    assert_eq!(bash(&["pocketflow", "ru"]), ["runs"]);
    assert_eq!(
        bash(&["pocketflow", "runs", "re"]),
        ["retry", "release", "rewind", "remove"]
    );
    assert_eq!(bash(&["pocketflow", "completions", "fi"]), ["fish"]);
    assert_eq!(bash(&["pocketflow", "runs", "list", "--st"]), ["--status"]);
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = script(shell);
        for word in ["pocketflow", "runs", "drop-items", "older-than"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}
