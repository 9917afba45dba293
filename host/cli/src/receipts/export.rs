//! One row a share, for other programs.

use std::io::{BufWriter, Write};

use anyhow::{Context, Result};

use super::rows::{ShareRow, each};
use crate::args::{ExportFormat, ReceiptsExportArgs};
use crate::display::counted;
use crate::files::Replacement;
use crate::outcome::Outcome;

/// The columns of a CSV file.
const COLUMNS: [&str; 19] = [
    "time",
    "unix_time_s",
    "share",
    "protocol",
    "source",
    "job",
    "height",
    "device",
    "geometry",
    "build",
    "macs_expected",
    "meets_network",
    "verdict",
    "code",
    "reason",
    "latency_ms",
    "energy_pj",
    "energy_source",
    "proof_file",
];

/// Writes the file that the arguments ask for.
///
/// # Errors
/// If a log can't be read or the file not be written; then an earlier file of that name is as it was.
pub fn run(args: &ReceiptsExportArgs) -> Result<Outcome> {
    let mut replacement = Replacement::begin(&args.output)?;
    let mut out = BufWriter::new(replacement.file());
    let count = match args.format {
        ExportFormat::Csv => csv(args, &mut out),
        ExportFormat::Json => json(args, &mut out),
    }?;
    let shown = args.output.display();
    out.flush().with_context(|| format!("write {shown}"))?;
    drop(out);
    replacement.finish()?;
    crate::note(&format!("{} in {shown}", counted(count, "share")));
    Ok(Outcome::Yes)
}

fn csv(args: &ReceiptsExportArgs, out: &mut impl Write) -> Result<u64> {
    write!(out, "{}\r\n", COLUMNS.join(","))?;
    let mut count = 0;
    each(&args.dir, |row| {
        count += 1;
        Ok(write!(out, "{}\r\n", fields(&row).join(","))?)
    })?;
    Ok(count)
}

fn json(args: &ReceiptsExportArgs, out: &mut impl Write) -> Result<u64> {
    let mut count = 0;
    each(&args.dir, |row| {
        let before = if count == 0 { "[\n" } else { ",\n" };
        count += 1;
        Ok(write!(out, "{before}{}", serde_json::to_string(&row)?)?)
    })?;
    writeln!(out, "{}", if count == 0 { "[]" } else { "\n]" })?;
    Ok(count)
}

fn fields(row: &ShareRow) -> [String; COLUMNS.len()] {
    fn number<T: ToString>(value: Option<T>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    [
        row.time.clone(),
        row.unix_time_s.to_string(),
        row.share.clone(),
        quoted(&row.protocol),
        quoted(&row.source),
        quoted(&row.job),
        number(row.height),
        quoted(&row.device),
        quoted(&row.geometry),
        quoted(row.build.as_deref().unwrap_or_default()),
        number(row.macs_expected),
        number(row.meets_network),
        row.verdict.unwrap_or_default().to_owned(),
        number(row.code),
        quoted(row.reason.as_deref().unwrap_or_default()),
        number(row.latency_ms),
        number(row.energy_pj),
        quoted(&row.energy_source),
        quoted(&row.proof_file),
    ]
}

/// Text as a field of a CSV file. What a spreadsheet would take for a formula gets an apostrophe in front: jobs' names
/// and reasons come from networks.
fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_and_formulas_are_none() {
        assert_eq!(quoted("job 7"), "job 7");
        assert_eq!(quoted("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(quoted("-1"), "'-1");
    }

    #[test]
    fn columns_are_the_fields_of_the_json() {
        let object = serde_json::to_value(ShareRow::default()).unwrap();
        let mut names: Vec<&str> = COLUMNS.to_vec();
        names.sort_unstable();
        let found: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(found, names);
    }
}
