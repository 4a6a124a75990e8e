// SPDX-License-Identifier: GPL-2.0

//! The program as it is called: what it prints last, how it exits, and that it can fail.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

const FILES: &[&str] = &["stat", "statm", "status", "maps"];

fn run(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_rustproc-compare");
    Command::new(program).args(arguments).output().unwrap()
}

fn last_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().last().unwrap_or_default().to_string()
}

/// Something like a procfs with process 1, with the same content each time.
fn tree() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for directory in ["1", "1/task/1"] {
        let directory = root.path().join(directory);
        fs::create_dir_all(&directory).unwrap();
        for file in FILES {
            let content = format!("{file} of process 1\n").repeat(200);
            fs::write(directory.join(file), content).unwrap();
        }
    }
    root
}

fn compared(stock: &TempDir, ours: &TempDir, more: &[&str]) -> Output {
    let root = |tree: &TempDir| tree.path().to_str().unwrap().to_string();
    let (stock, ours) = (root(stock), root(ours));
    let mut arguments = vec!["pid", "--stock", &stock, "--ours", &ours];
    if !more.contains(&"--files") {
        arguments.extend(["--files", "stat,statm,status,maps"]);
    }
    arguments.extend(more);
    arguments.push("1");
    run(&arguments)
}

/// The same with an address space of two pages, of which both are there.
fn tree_with_pages() -> TempDir {
    let root = tree();
    for directory in ["1", "1/task/1"] {
        let directory = root.path().join(directory);
        let maps = "00001000-00003000 rw-p 00000000 00:00 0      [stack]\n";
        fs::write(directory.join("maps"), maps).unwrap();
        let entries = [0, (1 << 63) | 7, (1 << 63) | 8, 0_u64].map(u64::to_ne_bytes);
        fs::write(directory.join("pagemap"), entries.concat()).unwrap();
    }
    root
}

fn file(tree: &TempDir, path: &str) -> PathBuf {
    tree.path().join(path)
}

/// Form, file and verdict of each row.
fn cells(output: &Output) -> Vec<(String, String, String)> {
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text =
        |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or_default().to_string();
    let rows = rows.as_array().unwrap();
    rows.iter()
        .map(|row| (text(row, "form"), text(row, "file"), text(row, "verdict")))
        .collect()
}

fn verdict(output: &Output, form: &str, file: &str) -> String {
    let cells = cells(output);
    let found = cells.iter().find(|cell| cell.0 == form && cell.1 == file);
    found.unwrap().2.clone()
}

#[test]
fn one_altered_byte_fails_the_cell_and_the_run() {
    let (stock, ours) = (tree(), tree());
    let path = file(&ours, "1/task/1/statm");
    let mut content = fs::read(&path).unwrap();
    content[0] ^= 1;
    fs::write(&path, content).unwrap();
    let output = compared(&stock, &ours, &["--json", "-"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(verdict(&output, "1/task/1", "statm"), "differs");
    assert_eq!(verdict(&output, "1", "maps"), "equal");
}

#[test]
fn the_last_line_counts_what_failed() {
    let (stock, ours) = (tree(), tree());
    fs::remove_file(file(&ours, "1/maps")).unwrap();
    let output = compared(&stock, &ours, &[]);
    assert_eq!(output.status.code(), Some(1));
    let line = last_line(&output);
    // The file, and the directory that no longer lists it.
    assert!(line.ends_with(" passed, 2 failed"), "{line}");
}

#[test]
fn one_altered_page_is_told_with_its_area_and_its_marks() {
    let (stock, ours) = (tree_with_pages(), tree_with_pages());
    let path = file(&ours, "1/pagemap");
    let mut entries = fs::read(&path).unwrap();
    entries[2 * 8 + 7] |= 1;
    fs::write(&path, entries).unwrap();
    let output = compared(&stock, &ours, &["--files", "pagemap"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("pages: 1000-3000 rw-p [stack]"), "{text}");
    assert!(
        text.contains("2000    1 present exclusive frame 0x8"),
        "{text}"
    );
    let same = compared(&stock, &tree_with_pages(), &["--files", "pagemap"]);
    assert_eq!(same.status.code(), Some(0));
}

#[test]
fn a_tree_equals_its_copy() {
    let (stock, ours) = (tree(), tree());
    let output = compared(&stock, &ours, &[]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert!(last_line(&output).ends_with(" passed, 0 failed"));
}

#[test]
fn targets_of_the_zoo_equal_themselves() {
    let output = run(&[
        "zoo", "--ours", "/proc", "--only", "sleeper", "--only", "zombies", "--only", "selves",
    ]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert!(last_line(&output).contains(" passed, 0 failed"));
}

#[test]
fn wrong_use_is_neither_success_nor_difference() {
    for arguments in [
        &["pid", "--ours", "/nonexistent", "1"][..],
        &["all", "--files", "nonsense"],
        &["zoo", "--only", "no such"],
        &["matrix", "--only", "no such"],
    ] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn who_takes_part_in_the_matrix_is_listed() {
    let output = run(&["matrix", "--list"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for name in ["  ptrace ", "  set-uid ", "  hidepid=4\n", "  stat *\n"] {
        assert!(text.contains(name), "{name:?}");
    }
}

#[test]
fn known_files_are_listed() {
    let output = run(&["files"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for file in FILES {
        assert!(text
            .lines()
            .any(|line| line.split_whitespace().next() == Some(file)));
    }
}
