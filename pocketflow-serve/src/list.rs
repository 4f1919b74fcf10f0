//! The list of runs: those of all sources, filtered and searched here, so that a page of it is small.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use pocketflow_checkpoint::{RunSummary, Status};
use serde::{Deserialize, Serialize};

use crate::database::{millis, status};
use crate::records::{BriefRun, Folder, State, shortened, unnamed};

/// So many runs are on a page, if the request does not say.
const PAGE: usize = 50;
/// So many may be.
const LARGEST_PAGE: usize = 500;

/// All runs at one moment.
#[derive(Debug, Default)]
pub(crate) struct List {
    /// It grows when something changes.
    pub(crate) version: u64,
    /// The run that changed last comes first.
    rows: Vec<Row>,
    /// What is wrong with a source.
    pub(crate) problems: Vec<String>,
    /// The file that a run is in, by its id.
    by_id: HashMap<String, String>,
    /// The paths of files, by their names.
    files: HashMap<String, PathBuf>,
    /// The names of confidential fields, by the names of flows.
    redacted: BTreeMap<String, BTreeSet<String>>,
    flows: BTreeMap<String, Work>,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    name: String,
    id: Option<String>,
    file: Option<String>,
    number: Option<u64>,
    flow: String,
    status: &'static str,
    step: u64,
    path: String,
    /// What it waits for, and since when.
    waits: Option<String>,
    since: Option<u64>,
    until: Option<u64>,
    filled: bool,
    error: Option<String>,
    exit: Option<String>,
    dropped: Option<Dropped>,
    began: u64,
    changed: u64,
    /// Whether the database has it.
    durable: bool,
    outer: Option<String>,
    /// What a search looks through.
    #[serde(skip)]
    text: String,
}

/// That a run was dropped before its end, while its process went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Dropped {
    at: u64,
    /// Whether a panic dropped it.
    panicked: bool,
}

impl Dropped {
    /// As the page says it.
    fn words(self) -> &'static str {
        match self.panicked {
            true => "ended by a panic",
            false => "dropped before its end",
        }
    }
}

/// Who works on the runs of a flow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Work {
    /// The processes that drive runs now.
    pub(crate) driving: BTreeSet<String>,
    /// Since when the run that could be taken up first has not been.
    pub(crate) ready_since: Option<u64>,
}

/// What a request asks for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Query {
    #[serde(default)]
    status: String,
    #[serde(default)]
    flow: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: usize,
    #[serde(default)]
    size: usize,
}

/// What it gets.
#[derive(Debug, Serialize)]
pub(crate) struct Page<'a> {
    version: u64,
    /// How many runs there are, and how many fit.
    total: usize,
    found: usize,
    page: usize,
    pages: usize,
    /// How many runs have each status, if the status were not asked for.
    counts: BTreeMap<&'static str, usize>,
    flows: BTreeSet<&'a str>,
    rows: Vec<&'a Row>,
    problems: &'a [String],
    pub(crate) now: u64,
    pub(crate) read_only: bool,
}

impl List {
    /// Puts the sources together. A run that both know is one row.
    pub(crate) fn new(
        folder: Option<&Folder>,
        database: &[RunSummary],
        mut problems: Vec<String>,
    ) -> Self {
        let mut list = Self::default();
        let mut rows: Vec<Row> = database.iter().map(Row::durable).collect();
        for run in database {
            list.work(run);
        }
        let by_id: HashMap<&str, usize> = database
            .iter()
            .enumerate()
            .map(|(index, run)| (run.run.as_str(), index))
            .collect();
        // Of several records of the same run, the last one counts.
        let mut recorded: HashMap<String, usize> = HashMap::new();
        for (file, record) in folder.into_iter().flat_map(Folder::records) {
            list.files.insert(file.clone(), record.path.clone());
            let brief = &record.brief;
            if let Some(why) = &brief.problem {
                rows.push(Row::unreadable(&file, why));
                continue;
            }
            for run in &brief.runs {
                let known = list.redacted.entry(run.flow.clone()).or_default();
                known.extend(brief.redacted.iter().cloned());
                let mut row = Row::recorded(&file, run, brief.runs.len() == 1);
                let Some(id) = &run.id else {
                    rows.push(row);
                    continue;
                };
                if let Some(index) = by_id.get(id.as_str()) {
                    rows[*index].file = Some(file.clone());
                    rows[*index].number = Some(run.number);
                    list.by_id.insert(id.clone(), file.clone());
                    continue;
                }
                match recorded.get(id) {
                    Some(index) if rows[*index].changed > row.changed => {}
                    Some(index) => {
                        row.began = row.began.min(rows[*index].began);
                        rows[*index] = row;
                        list.by_id.insert(id.clone(), file.clone());
                    }
                    None => {
                        recorded.insert(id.clone(), rows.len());
                        list.by_id.insert(id.clone(), file.clone());
                        rows.push(row);
                    }
                }
            }
        }
        problems.extend(folder.and_then(Folder::problem).map(str::to_owned));
        for row in &mut rows {
            row.text = row.searched();
        }
        rows.sort_by(|a, b| b.changed.cmp(&a.changed).then_with(|| a.name.cmp(&b.name)));
        list.rows = rows;
        list.problems = problems;
        list
    }

    fn work(&mut self, run: &RunSummary) {
        if run.outer.is_some() {
            return;
        }
        let work = self.flows.entry(run.flow.clone()).or_default();
        match &run.owner {
            Some(owner) if !run.orphaned => {
                work.driving.insert(owner.clone());
            }
            Some(_) => {}
            None => {
                let is_ready =
                    run.status == Status::Running || run.status == Status::Waiting && run.filled;
                if is_ready {
                    let since = millis(run.updated);
                    work.ready_since =
                        Some(work.ready_since.map_or(since, |first| first.min(since)));
                }
            }
        }
    }

    /// Whether the same can be seen.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.rows == other.rows && self.problems == other.problems && self.flows == other.flows
    }

    /// The file that a run is in.
    pub(crate) fn file_of(&self, run: &str) -> Option<&str> {
        self.by_id.get(run).map(String::as_str)
    }

    pub(crate) fn path_of(&self, file: &str) -> Option<&PathBuf> {
        self.files.get(file)
    }

    /// The names of the fields that are confidential in the records of a flow.
    pub(crate) fn redacted(&self, flow: &str) -> impl Iterator<Item = &String> {
        self.redacted.get(flow).into_iter().flatten()
    }

    pub(crate) fn work_on(&self, flow: &str) -> Work {
        self.flows.get(flow).cloned().unwrap_or_default()
    }

    pub(crate) fn page(&self, query: &Query) -> Page<'_> {
        let words: Vec<String> = query.q.split_whitespace().map(str::to_lowercase).collect();
        let fits = |row: &&Row| {
            (query.flow.is_empty() || row.flow == query.flow)
                && words.iter().all(|word| row.text.contains(word.as_str()))
        };
        let mut counts = BTreeMap::new();
        let mut found = Vec::new();
        for row in self.rows.iter().filter(fits) {
            *counts.entry(row.status).or_default() += 1;
            if query.status.is_empty() || row.status == query.status {
                found.push(row);
            }
        }
        let size = match query.size {
            0 => PAGE,
            size => size.min(LARGEST_PAGE),
        };
        let pages = found.len().div_ceil(size).max(1);
        let page = query.page.clamp(1, pages);
        Page {
            version: self.version,
            total: self.rows.len(),
            found: found.len(),
            page,
            pages,
            counts,
            flows: self
                .rows
                .iter()
                .map(|row| &*row.flow)
                .filter(|flow| !flow.is_empty())
                .collect(),
            rows: found
                .into_iter()
                .skip((page - 1) * size)
                .take(size)
                .collect(),
            problems: &self.problems,
            now: 0,
            read_only: false,
        }
    }
}

impl Row {
    fn durable(run: &RunSummary) -> Self {
        let waiting = run.status == Status::Waiting;
        let next = run.next_attempt.as_ref();
        let waits = waiting.then(|| match (&run.wait, run.until) {
            (Some(wait), _) => wait.clone(),
            _ if next.is_some() => next.map(|next| format!("{next:#}")).unwrap_or_default(),
            (None, Some(_)) if run.inner_waits == 0 => "sleeps".to_owned(),
            (None, _) if run.inner_waits == 1 => "1 inner run".to_owned(),
            (None, _) => format!("{} inner runs", run.inner_waits),
        });
        Self {
            name: run.run.clone(),
            id: Some(run.run.clone()),
            file: None,
            number: None,
            flow: run.flow.clone(),
            status: status(run.status, run.orphaned, run.enqueued),
            step: run.step,
            path: run.path.clone(),
            since: waits.is_some().then(|| millis(run.updated)),
            waits,
            until: run.until.map(millis),
            filled: run.filled,
            error: run.message.as_deref().map(shortened),
            exit: run.exit.clone(),
            dropped: None,
            began: millis(run.created),
            changed: millis(run.updated),
            durable: true,
            outer: run.outer.clone(),
            text: String::new(),
        }
    }

    fn recorded(file: &str, run: &BriefRun, only: bool) -> Self {
        let (mut waits, mut since, mut error, mut exit) = (None, None, None, None);
        let mut dropped = None;
        let status = match &run.state {
            State::Unfinished => "unfinished",
            State::Dropped { at, panicked } => {
                dropped = Some(Dropped {
                    at: at / 1000,
                    panicked: *panicked,
                });
                "dropped"
            }
            State::Waiting { field, since: from } => {
                (waits, since) = (Some(field.clone()), Some(from / 1000));
                "waiting"
            }
            State::Suspended { why } => {
                error = Some(why.clone());
                "suspended"
            }
            State::Finished { exit: reached } => {
                exit = Some(reached.clone());
                "finished"
            }
            State::Failed { why } => {
                error = Some(why.clone());
                "failed"
            }
        };
        let name = run.id.clone();
        Self {
            name: name.unwrap_or_else(|| unnamed(file, run.number, only)),
            id: run.id.clone(),
            file: Some(file.to_owned()),
            number: Some(run.number),
            flow: run.flow.clone(),
            status,
            step: run.step,
            path: run.path.clone(),
            waits,
            since,
            until: None,
            filled: false,
            error,
            exit,
            dropped,
            began: run.began / 1000,
            changed: run.last / 1000,
            durable: false,
            outer: None,
            text: String::new(),
        }
    }

    fn unreadable(file: &str, why: &str) -> Self {
        Self {
            name: file.to_owned(),
            id: None,
            file: Some(file.to_owned()),
            number: None,
            flow: String::new(),
            status: "unreadable",
            step: 0,
            path: String::new(),
            waits: None,
            since: None,
            until: None,
            filled: false,
            error: Some(why.to_owned()),
            exit: None,
            dropped: None,
            began: 0,
            changed: 0,
            durable: false,
            outer: None,
            text: String::new(),
        }
    }

    fn searched(&self) -> String {
        let texts = [
            Some(self.name.as_str()),
            Some(&self.flow),
            Some(self.status),
            Some(&self.path),
            self.waits.as_deref(),
            self.error.as_deref(),
            self.exit.as_deref(),
            self.dropped.map(Dropped::words),
            self.file.as_deref(),
        ];
        let texts: Vec<&str> = texts.into_iter().flatten().collect();
        texts.join("\n").to_lowercase()
    }
}
