//! The list of runs: those of all sources, filtered and searched here, so that a page of it is small.

mod row;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use pocketflow_checkpoint::{RunSummary, Status};
use serde::{Deserialize, Serialize};

use crate::database::millis;
use crate::records::Folder;
use row::Row;

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
