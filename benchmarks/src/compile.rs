//! Measures how long each contender takes to compile, and how large its program is. The packages in
//! `hello` are copied to `target/compile`, each as a separate project, as a user of the library
//! would have it, with the versions of this lock file. The build products are removed again.

pub mod incremental;
mod programs;

use std::collections::HashSet;
use std::env::{self, consts::EXE_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use programs::Program;

use crate::is_ours_or_by_hand;

/// The measurements of one contender.
pub struct Row {
    pub name: &'static str,
    /// By column. Columns that were not measured are absent.
    pub values: Vec<(&'static str, f64)>,
    /// The measurements that failed, and why.
    pub missing: Option<String>,
}

/// The columns of a program with two nodes, and their units.
pub const HELLO: &[(&str, &str)] = &[
    (COLD, "s"),
    (COLD_CPU, "s"),
    (CRATES, ""),
    (AFTER_CHANGE, "ms"),
    (SIZE, "KiB"),
];

/// The columns for the cost of one more node, in milliseconds: how much longer a chain takes than a
/// chain of a single node, divided by the number of additional nodes.
pub const NODE: &[&str] = &[
    "check, 10 nodes",
    "check, 100 nodes",
    "check, 1,000 nodes",
    "build, 10 nodes",
    "build, 100 nodes",
    "build, 1,000 nodes",
];

/// `cargo build` into an empty folder, with the crates already downloaded.
pub const COLD: &str = "cold build";
pub const COLD_CPU: &str = "cold build, CPU";
/// The number of packages that a cold build compiles, including the program.
pub const CRATES: &str = "crates";
/// `cargo check` after a change to the body of a node, incrementally.
const AFTER_CHANGE: &str = "check after a change";
/// `cargo build --release`, stripped.
const SIZE: &str = "binary";

/// The chains: the number of nodes, the number of rounds, and the columns of `cargo check` and
/// `cargo build`, without incremental compilation.
const CHAINS: [(usize, usize, &str, &str); 3] = [
    (10, 6, NODE[0], NODE[3]),
    (100, 2, NODE[1], NODE[4]),
    (1_000, 1, NODE[2], NODE[5]),
];

/// Contenders that take longer than this to check a chain of 100 nodes are not measured with 1,000,
/// in milliseconds.
const LONG: f64 = 5_000.0;

/// The limits on the time of a command and on the memory of each of its processes.
const LIMIT: Duration = Duration::from_secs(240);
const LIMIT_GIB: u64 = 8;

/// The contender that is compiled.
#[cfg(test)]
pub fn names() -> impl Iterator<Item = &'static str> {
    programs::ALL.iter().map(|program| program.name)
}

/// Measures all contenders. A quick run leaves out the longest chain and all but the first two
/// contenders.
pub fn run(quick: bool) -> Vec<Row> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    eprintln!("compile: downloads");
    let fetched = Command::new(cargo())
        .args(["fetch", "--quiet", "--locked"])
        .current_dir(home)
        .status();
    if !fetched.is_ok_and(|status| status.success()) {
        eprintln!("compile: some crates could not be downloaded; using the existing ones");
    }
    let programs = if quick {
        &programs::ALL[..programs::QUICK]
    } else {
        programs::ALL
    };
    let row = |program: &Program| {
        let mut row = Row {
            name: program.name,
            values: Vec::new(),
            missing: None,
        };
        let measured = Project::new(home, program).and_then(|project| {
            let measured = project.measure(quick, &mut row);
            measured.and(project.clean())
        });
        if let Err(reason) = measured {
            row.miss(reason);
        }
        row
    };
    programs.iter().map(row).collect()
}

impl Row {
    pub fn value(&self, column: &str) -> Option<f64> {
        self.values
            .iter()
            .find(|value| value.0 == column)
            .map(|value| value.1)
    }

    fn miss(&mut self, reason: String) {
        let missing = self.missing.get_or_insert_default();
        if !missing.is_empty() {
            missing.push_str("; ");
        }
        missing.push_str(&reason);
    }
}

/// A copy of a package of `hello`.
struct Project<'a> {
    program: &'a Program,
    folder: PathBuf,
    hello: String,
}

/// The time and the output of a command that succeeded.
struct Done {
    wall: Duration,
    cpu: Option<Duration>,
    stdout: String,
}

impl<'a> Project<'a> {
    fn new(home: &Path, program: &'a Program) -> Result<Self, String> {
        let from = home.join("hello").join(program.folder);
        let folder = home.join("target/compile").join(program.folder);
        let _ = fs::remove_dir_all(&folder);
        let read = |path: PathBuf| {
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        let library = home.parent().unwrap_or(home).display().to_string();
        let manifest = read(from.join("Cargo.toml"))?.replace("../../..", &library)
            + "\n[workspace]\n\n[profile.release]\nstrip = true\n";
        let project = Self {
            program,
            folder,
            hello: read(from.join("src/main.rs"))?,
        };
        project.write("Cargo.toml", &manifest)?;
        project.write("Cargo.lock", &read(home.join("Cargo.lock"))?)?;
        project.write("src/main.rs", &project.hello)?;
        // Removes the packages that only others need.
        project.cargo("metadata", &["--format-version=1"], None)?;
        Ok(project)
    }

    fn measure(&self, quick: bool, row: &mut Row) -> Result<(), String> {
        self.say("a cold build");
        self.cold(quick, row)?;
        self.say("a check after a change");
        self.change(row)?;
        self.chains(quick, row)?;
        self.say("a release build");
        self.write("src/main.rs", &self.hello)?;
        self.cargo("build", &["--locked", "--release"], None)?;
        let size = fs::metadata(self.binary("release"))
            .map_err(|error| error.to_string())?
            .len();
        row.values.push((SIZE, size as f64 / 1_024.0));
        Ok(())
    }

    fn cold(&self, quick: bool, row: &mut Row) -> Result<(), String> {
        let (mut wall, mut cpu) = (f64::MAX, f64::MAX);
        for round in 0..if quick { 1 } else { self.program.cold } {
            self.clean()?;
            let done = self.cargo("build", &["--locked", "--message-format=json"], None)?;
            wall = wall.min(done.wall.as_secs_f64());
            cpu = cpu.min(done.cpu.map_or(f64::MAX, |cpu| cpu.as_secs_f64()));
            if round == 0 {
                row.values.push((CRATES, packages(&done.stdout) as f64));
            }
        }
        row.values.push((COLD, wall));
        if cpu < f64::MAX {
            row.values.push((COLD_CPU, cpu));
        }
        Ok(())
    }

    fn change(&self, row: &mut Row) -> Result<(), String> {
        let check = || self.cargo("check", &["--locked"], Some("1"));
        check()?;
        let mut least = f64::MAX;
        for round in 0..5 {
            let changed = self
                .hello
                .replacen("Hello, {", &format!("Hello {round}, {{"), 1);
            assert_ne!(changed, self.hello, "the node `greet` says hello");
            self.write("src/main.rs", &changed)?;
            least = least.min(milliseconds(check()?.wall));
        }
        row.values.push((AFTER_CHANGE, least));
        Ok(())
    }

    fn chains(&self, quick: bool, row: &mut Row) -> Result<(), String> {
        let mut one = [f64::MAX; 2];
        let mut least = [[f64::MAX; 2]; CHAINS.len()];
        let mut failed = [const { None }; CHAINS.len()];
        let longest = CHAINS.len() - 1;
        self.say("chains of 1, 10 and 100 nodes");
        // In turns, so that other load on the machine affects all of them.
        for round in 0..CHAINS[0].1 {
            self.chain(1, true, &mut one)?;
            for (index, (nodes, rounds, ..)) in CHAINS.into_iter().enumerate().take(longest) {
                if round < rounds && failed[index].is_none() {
                    failed[index] = self.chain(nodes, true, &mut least[index]).err();
                }
            }
        }
        let shorter = least[longest - 1][0];
        if shorter > LONG {
            let reason = format!(
                "not tried, because a check of 100 takes {:.1} s",
                shorter / 1_000.0
            );
            failed[longest] = failed[longest - 1].is_none().then_some(reason);
        } else if !quick {
            self.say("a chain of 1,000 nodes");
            // A build takes long and adds little information to a check.
            let builds = is_ours_or_by_hand(self.program.name);
            failed[longest] = self
                .chain(CHAINS[longest].0, builds, &mut least[longest])
                .err();
        }
        for (index, (nodes, _, check, build)) in CHAINS.into_iter().enumerate() {
            for (column, least, one) in [
                (check, least[index][0], one[0]),
                (build, least[index][1], one[1]),
            ] {
                if least < f64::MAX {
                    row.values
                        .push((column, (least - one) / (nodes - 1) as f64));
                }
            }
            if let Some(reason) = &failed[index] {
                row.miss(format!("{nodes} nodes: {reason}"));
            }
        }
        Ok(())
    }

    /// Checks a chain of this many nodes, and perhaps builds and runs it. The times of the first
    /// two go into `least` if they are lower.
    fn chain(&self, nodes: usize, builds: bool, least: &mut [f64; 2]) -> Result<(), String> {
        self.write("src/main.rs", &(self.program.chain)(nodes))?;
        let commands: &[&str] = if builds {
            &["check", "build"]
        } else {
            &["check"]
        };
        for (command, least) in commands.iter().zip(least) {
            let done = self.cargo(command, &["--locked"], Some("0"))?;
            *least = least.min(milliseconds(done.wall));
        }
        if !builds {
            return Ok(());
        }
        let count = self.run("the program", &mut self.program())?.stdout;
        if count.trim() == nodes.to_string() {
            Ok(())
        } else {
            Err(format!("the program counts {:?}", count.trim()))
        }
    }

    fn say(&self, what: &str) {
        eprintln!("compile: {}: {what}", self.program.name);
    }

    fn write(&self, path: &str, text: &str) -> Result<(), String> {
        let path = self.folder.join(path);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    fn clean(&self) -> Result<(), String> {
        match fs::remove_dir_all(self.folder.join("target")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.to_string()),
            _ => Ok(()),
        }
    }

    /// The program of the last `cargo build`.
    fn program(&self) -> Command {
        Command::new(self.binary("debug"))
    }

    fn binary(&self, profile: &str) -> PathBuf {
        self.folder.join(format!(
            "target/{profile}/hello-{}{EXE_SUFFIX}",
            self.program.folder
        ))
    }

    /// Runs a cargo command without the build settings of the environment.
    fn cargo(
        &self,
        command: &str,
        arguments: &[&str],
        incremental: Option<&str>,
    ) -> Result<Done, String> {
        let mut cargo = limited(&cargo());
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_") && name != "CARGO_HOME" || name.contains("RUSTFLAGS") {
                cargo.env_remove(&*name);
            }
        }
        cargo
            .args([command, "--quiet", "--offline", "--color=never"])
            .args(arguments);
        cargo
            .env("RUSTC_WRAPPER", "")
            .env("CARGO_TARGET_DIR", self.folder.join("target"));
        cargo.envs(incremental.map(|value| ("CARGO_INCREMENTAL", value)));
        self.run(&format!("`cargo {command}`"), &mut cargo)
    }

    /// Runs a command in the project. If it fails or takes too long, returns why.
    fn run(&self, name: &str, command: &mut Command) -> Result<Done, String> {
        command.current_dir(&self.folder);
        // A separate process group, so that the limit also ends the compiler.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let before = cpu_of_children();
        let start = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{name}: {error}"))?;
        let group = child.id();
        let (done, wait) = mpsc::channel::<()>();
        let guard = thread::spawn(move || {
            let late = wait.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout);
            if late {
                kill(group);
            }
            late
        });
        let output = child.wait_with_output();
        let wall = start.elapsed();
        drop(done);
        if guard.join().unwrap_or_default() {
            return Err(format!(
                "{name} did not end within {} s and {LIMIT_GIB} GiB",
                LIMIT.as_secs()
            ));
        }
        let output = output.map_err(|error| format!("{name}: {error}"))?;
        let cpu = before
            .zip(cpu_of_children())
            .map(|(before, after)| after.saturating_sub(before));
        let [stdout, stderr] =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        if output.status.success() {
            return Ok(Done { wall, cpu, stdout });
        }
        Err(format!(
            "{name}: {}",
            reason(&stderr).unwrap_or("it failed without a message")
        ))
    }
}

/// The first error of the compiler, or else how it ended.
fn reason(stderr: &str) -> Option<&str> {
    let lines = || {
        stderr
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
    };
    lines()
        .find(|line| line.starts_with("error") && !line.starts_with("error: could not compile"))
        .or_else(|| lines().find(|line| line.starts_with("memory allocation")))
        .or_else(|| lines().find_map(|line| line.rfind("(signal").map(|at| &line[at..])))
        .or_else(|| lines().next())
}

fn cargo() -> PathBuf {
    env::var_os("CARGO").map_or("cargo".into(), PathBuf::from)
}

/// A command whose memory is limited, if a shell can do that. The code that a macro generates for a
/// long chain may need more memory than there is.
fn limited(program: &Path) -> Command {
    if cfg!(not(unix)) {
        return Command::new(program);
    }
    let mut command = Command::new("sh");
    let kib = LIMIT_GIB << 20;
    command
        .args([
            "-c",
            &format!("ulimit -v {kib} 2>/dev/null; exec \"$0\" \"$@\""),
        ])
        .arg(program);
    command
}

fn kill(group: u32) {
    let mut command = if cfg!(unix) {
        Command::new("sh")
    } else {
        Command::new("taskkill")
    };
    if cfg!(unix) {
        command.args(["-c", &format!("kill -s KILL -- -{group}")]);
    } else {
        command.args(["/F", "/T", "/PID", &group.to_string()]);
    }
    let _ = command.status();
}

/// The user and system time of all finished children and their children, which Linux reports.
fn cpu_of_children() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may contain anything. After it, `cutime` and `cstime` are the 14th
    // and 15th values, in hundredths of a second.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let hundredths = fields.get(13)?.parse::<u64>().ok()? + fields.get(14)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(hundredths * 10))
}

/// The number of packages in cargo's messages.
fn packages(messages: &str) -> usize {
    let id = |line: &str| {
        Some(
            line.split_once("\"package_id\":\"")?
                .1
                .split('"')
                .next()?
                .to_owned(),
        )
    };
    let artifacts = messages
        .lines()
        .filter(|line| line.contains("\"reason\":\"compiler-artifact\""));
    artifacts.filter_map(id).collect::<HashSet<_>>().len()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
