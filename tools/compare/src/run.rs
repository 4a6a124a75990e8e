// SPDX-License-Identifier: GPL-2.0

//! The subcommands.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{ensure, Context, Result};
use clap::Args;
use nix::unistd::Pid;

use crate::compare::{Comparer, Trees, DIRECTORY, OTHERS};
use crate::files::{Selection, DEFAULT, KNOWN};
use crate::machine::Machine;
use crate::probe::{read_whole, Depth};
use crate::report::{self, Look};
use crate::row::{Row, Totals};
use crate::scenario::Scenario;
use crate::settle::Patience;
use crate::target::{adopt_orphans, wait_for_rest, Report, Target};
use crate::zoo::Specimen;
use crate::{scenario, zoo, Options};

/// Where the module says what it implements.
const VERSION: &str = "/proc/fs/rustproc/version";

/// `files`: what can be compared.
pub fn files() -> Result<bool> {
    let mut out = io::stdout().lock();
    for known in KNOWN {
        let usual = if DEFAULT.contains(&known.name) {
            " (compared by default)"
        } else {
            ""
        };
        writeln!(
            out,
            "{:<14} {:?} {:?}{usual}",
            known.name, known.scope, known.kind
        )?;
    }
    Ok(true)
}

/// `zoo --list`: which targets and scenarios there are.
pub fn list() -> Result<bool> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "Targets\n  {:<24} the root directory\n  {:<24} process 1 and kernel threads",
        "root", "kernel"
    )?;
    for specimen in zoo::all() {
        writeln!(out, "  {:<24} {}", specimen.name, specimen.about)?;
    }
    writeln!(out, "Scenarios")?;
    for scenario in scenario::ALL {
        writeln!(out, "  {:<24} {}", scenario.name, scenario.about)?;
    }
    Ok(true)
}

/// What is wanted of the zoo.
#[derive(Args, Clone)]
pub struct Wanted {
    /// Only the targets and scenarios whose name begins so; may be given several times
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Only what is quick to ask, and no scenarios
    #[arg(long)]
    quick: bool,
    /// Leave the machine's settings alone (huge pages, swap, ...), which otherwise are changed for
    /// the time of the run; some targets can't be had then
    #[arg(long)]
    as_is: bool,
}

impl Wanted {
    fn has(&self, name: &str) -> bool {
        let all = self.only.is_empty();
        all || self
            .only
            .iter()
            .any(|prefix| name.starts_with(prefix.as_str()))
    }

    fn specimens(&self) -> Vec<&'static Specimen> {
        zoo::all()
            .filter(|specimen| self.has(specimen.name) && !(self.quick && specimen.heavy))
            .collect()
    }

    fn scenarios(&self) -> Vec<&'static Scenario> {
        scenario::ALL
            .iter()
            .filter(|scenario| self.has(scenario.name) && !self.quick)
            .collect()
    }
}

/// `zoo`: every target, then, unless it is to be quick, every scenario.
pub fn zoo(options: &Options, wanted: &Wanted) -> Result<bool> {
    let depth = if wanted.quick {
        Depth::Quick
    } else {
        Depth::Full
    };
    let comparer = comparer(options, Patience::AT_REST, depth)?;
    // Whatever the targets leave in the file system goes with this directory.
    let scratch = tempfile::Builder::new()
        .prefix("rustproc-compare.")
        .tempdir()?;
    std::env::set_var("TMPDIR", scratch.path());
    adopt_orphans()?;

    let (specimens, scenarios) = (wanted.specimens(), wanted.scenarios());
    let in_memory = specimens
        .iter()
        .any(|specimen| specimen.depth < Depth::Full)
        || scenarios.iter().any(|scenario| scenario.in_memory);
    let _machine = (in_memory && !wanted.as_is).then(Machine::prepare);

    let mut progress = Progress::new(options);
    let mut rows = Vec::new();
    if wanted.has("root") {
        rows.extend(progress.time("root", || comparer.root()));
    }
    if wanted.has("kernel") {
        rows.extend(progress.time("kernel", || kernel_tasks(&comparer)));
    }
    for specimen in specimens {
        rows.extend(progress.time(specimen.name, || compare_specimen(&comparer, specimen)));
    }
    let mut checks = Vec::new();
    for scenario in scenarios {
        checks.extend(progress.time(scenario.name, || scenario.run(&comparer)));
    }
    ensure!(
        !rows.is_empty() || !checks.is_empty(),
        "no target or scenario has such a name (--list)"
    );
    progress.clear();
    finish(options, &comparer, rows, checks)
}

/// `pid`: some processes.
pub fn pids(options: &Options, pids: &[i32], full: bool) -> Result<bool> {
    let depth = if full { Depth::Full } else { Depth::Quick };
    let comparer = comparer(options, Patience::LIVE, depth)?;
    for pid in pids {
        ensure!(
            comparer.lives(Pid::from_raw(*pid)),
            "no process {pid} in {}",
            options.stock.display()
        );
    }
    let rows = pids
        .iter()
        .flat_map(|&pid| live(&comparer, Pid::from_raw(pid)))
        .collect();
    finish(options, &comparer, rows, Vec::new())
}

/// `all`: the root, and every process in it.
pub fn all(options: &Options) -> Result<bool> {
    let comparer = comparer(options, Patience::LIVE, Depth::Quick)?;
    let mut progress = Progress::new(options);
    let mut rows = comparer.root();
    for pid in comparer.listed() {
        rows.extend(progress.time(&pid.to_string(), || live(&comparer, pid)));
    }
    progress.clear();
    finish(options, &comparer, rows, Vec::new())
}

/// A live process, which may go at any moment: then there is nothing to say about it.
pub fn live(comparer: &Comparer, pid: Pid) -> Vec<Row> {
    let target = format!("{pid} {}", name_of(&comparer.trees.stock, pid));
    let rows = comparer.process(&target, pid);
    if comparer.lives(pid) {
        rows
    } else {
        vec![Row::skipped(&target, "", "ended while it was compared")]
    }
}

fn name_of(stock: &Path, pid: Pid) -> String {
    let name = read_whole(&stock.join(pid.to_string()).join("comm")).unwrap_or_default();
    crate::fact::escape_line(name.trim_ascii_end())
}

fn kernel_tasks(comparer: &Comparer) -> Vec<Row> {
    zoo::kernel_tasks(&comparer.trees.stock)
        .into_iter()
        .flat_map(|(name, pid)| comparer.process(&name, pid))
        .collect()
}

fn compare_specimen(comparer: &Comparer, specimen: &Specimen) -> Vec<Row> {
    let name = specimen.name;
    let comparer = comparer.at_most(specimen.depth);
    let started = Target::start(name).and_then(|mut target| Ok((target.report()?, target)));
    let (subjects, _target) = match started {
        Ok((Report::Ready(subjects), target)) => (subjects, target),
        Ok((Report::Skip(reason), _)) => return vec![Row::skipped(name, "", reason)],
        Err(error) => return vec![Row::skipped(name, "", format!("{error:#}"))],
    };
    let mut rows = Vec::new();
    for subject in subjects {
        let pid = Pid::from_raw(subject.pid);
        wait_for_rest(&comparer.trees.stock, pid);
        let label = match subject.label.as_str() {
            "" => name.to_string(),
            label => format!("{name}: {label}"),
        };
        rows.extend(comparer.process(&label, pid));
    }
    rows
}

fn comparer(options: &Options, patience: Patience, depth: Depth) -> Result<Comparer> {
    for tree in [&options.stock, &options.ours] {
        ensure!(
            tree.is_dir(),
            "{} is no directory (is it mounted?)",
            tree.display()
        );
    }
    Ok(Comparer {
        trees: Trees {
            stock: options.stock.clone(),
            ours: options.ours.clone(),
        },
        files: Selection::new(&options.files, Path::new(VERSION))?,
        patience,
        depth,
        others: !options.no_others,
    })
}

/// Shows and writes what came of it; true if nothing differs.
fn finish(
    options: &Options,
    comparer: &Comparer,
    rows: Vec<Row>,
    checks: Vec<Row>,
) -> Result<bool> {
    let mut columns = vec![DIRECTORY];
    columns.extend(comparer.files.all().iter().map(|known| known.name));
    if comparer.others {
        columns.push(OTHERS);
    }
    let all: Vec<Row> = rows.into_iter().chain(checks).collect();
    let to_stdout = options.json.as_deref() == Some(Path::new("-"));
    if let Some(path) = &options.json {
        write_json(&all, path, to_stdout)?;
    }
    if !to_stdout {
        let mut out = anstream::stdout().lock();
        out.write_all(report::whole(&all, &columns, look(options)).as_bytes())?;
    }
    Ok(Totals::of(&all).failed == 0)
}

/// Writes rows for machines.
pub fn write_json(rows: &[Row], path: &Path, to_stdout: bool) -> Result<()> {
    if to_stdout {
        serde_json::to_writer(io::stdout().lock(), rows)?;
        return Ok(());
    }
    let file = File::create(path).with_context(|| format!("can't write {}", path.display()))?;
    let mut out = BufWriter::new(file);
    serde_json::to_writer_pretty(&mut out, rows)?;
    Ok(out.flush()?)
}

/// How reports are to be shown here.
pub fn look(options: &Options) -> Look {
    let terminal = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    Look {
        colour: terminal,
        width: comfy_table::Table::new().width().filter(|_| terminal),
        verbose: options.verbose,
    }
}

/// Says on standard error what is being done: on a terminal, or when asked to be verbose.
pub struct Progress {
    terminal: bool,
    verbose: bool,
}

impl Progress {
    /// As the options say.
    pub fn new(options: &Options) -> Progress {
        Progress {
            terminal: io::stderr().is_terminal(),
            verbose: options.verbose,
        }
    }

    /// Does some work and says so.
    pub fn time<T>(&mut self, name: &str, work: impl FnOnce() -> T) -> T {
        if self.terminal {
            eprint!("\r\x1b[K{name} ...");
        }
        let started = Instant::now();
        let result = work();
        if self.verbose {
            self.clear();
            eprintln!("{name}: {:.2} s", started.elapsed().as_secs_f64());
        }
        result
    }

    /// Takes away what it said on a terminal.
    pub fn clear(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }
}
