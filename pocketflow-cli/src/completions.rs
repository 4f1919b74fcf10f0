//! Completions for shells.

use clap::CommandFactory;
use clap_complete::{Shell, generate};
use serde_json::json;

use crate::output;

/// Where each shell looks for the file.
pub(crate) const HELP: &str = "\
Write them to a file that your shell reads:
  bash:        pocketflow completions bash > ~/.local/share/bash-completion/completions/pocketflow
  zsh:         pocketflow completions zsh > ~/.zfunc/_pocketflow    (a folder of $fpath)
  fish:        pocketflow completions fish > ~/.config/fish/completions/pocketflow.fish
  elvish:      pocketflow completions elvish >> ~/.config/elvish/rc.elv
  powershell:  pocketflow completions powershell >> $PROFILE";

/// The script for a shell.
pub(crate) fn printed<A: CommandFactory>(shell: Shell, json: bool) -> String {
    let mut script = Vec::new();
    generate(shell, &mut A::command(), "pocketflow", &mut script);
    let script = String::from_utf8_lossy(&script);
    if json {
        output::line(&json!({ "shell": shell.to_string(), "script": script }))
    } else {
        script.into_owned()
    }
}
