// SPDX-License-Identifier: GPL-2.0

//! What is printed on, a line for each thing.

use std::fmt::Debug;
use std::io::{self, Write};
use std::path::Path;

use procfs::ProcResult;
use serde::Serialize;
use serde_json::Value;

/// Lines `SUBJECT THING: VALUE`, in which nothing tells which tree they come from.
pub struct Page<W> {
    root: String,
    subject: String,
    out: W,
}

impl<W: Write> Page<W> {
    /// An empty page for what is found below `root`.
    pub fn new(root: &Path, out: W) -> Page<W> {
        Page {
            root: root.display().to_string(),
            subject: String::new(),
            out,
        }
    }

    /// Says whom the lines that follow are about.
    pub fn turn_to(&mut self, subject: impl Into<String>) {
        self.subject = subject.into();
    }

    /// Prints a thing as JSON, whose maps are in order. Each element of a list gets a line.
    pub fn show(&mut self, thing: &str, value: ProcResult<impl Serialize>) -> io::Result<()> {
        let value = value.map(serde_json::to_value);
        match value {
            Ok(Ok(Value::Array(elements))) => {
                self.line(thing, &elements.len().to_string())?;
                for (i, element) in elements.iter().enumerate() {
                    self.line(&format!("{thing}[{i}]"), &element.to_string())?;
                }
                Ok(())
            }
            Ok(Ok(value)) => self.line(thing, &value.to_string()),
            Ok(Err(error)) => Err(error.into()),
            Err(error) => self.line(thing, &format!("{error:?}")),
        }
    }

    /// Prints a thing that can't be had as JSON, and has no maps.
    pub fn debug(&mut self, thing: &str, value: ProcResult<impl Debug>) -> io::Result<()> {
        match value {
            Ok(value) => self.line(thing, &format!("{value:?}")),
            Err(error) => self.line(thing, &format!("{error:?}")),
        }
    }

    /// What it was printed to.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// The root may be in the text: of an error, say.
    fn line(&mut self, thing: &str, text: &str) -> io::Result<()> {
        let text = text.replace(&self.root, "ROOT");
        writeln!(self.out, "{} {thing}: {text}", self.subject)
    }
}
