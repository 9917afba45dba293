//! `gemmine report`: result files, verified and made into a page, a text or a PDF.

mod pdf;

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use gemmine_report::boards;
use gemmine_report::report::{
    Inputs, Report, committed_commands, html, json as report_json, markdown,
};
use gemmine_report::result::JSON_SCHEMA;
use gemmine_report::verify::{Checkout, Refusal, find_root, verify};
use serde_json::{Value, json};

use crate::args::{ReportArgs, ReportBoardsArgs, ReportCommand, ReportVerifyArgs};
use crate::baselines::table;
use crate::outcome::Outcome;
use crate::{note, print_line};

/// Where the committed results are, from the root of a checkout.
const RESULTS: &str = "benches/results";
/// The committed page.
const PAGE: &str = "benches/report.html";

/// Runs the command.
pub fn run(args: &ReportArgs) -> Result<Outcome> {
    match &args.command {
        Some(ReportCommand::Verify(args)) => verify_only(args),
        Some(ReportCommand::Boards(args)) => write_boards(args),
        Some(ReportCommand::Schema) => {
            print_line(JSON_SCHEMA.trim_end())?;
            Ok(Outcome::Yes)
        }
        None => report(args),
    }
}

/// The checkout that was named, or that around the current folder.
fn checkout(root: Option<&Path>) -> Result<Checkout> {
    if let Some(root) = root {
        if !root.is_dir() {
            bail!(
                "use the checkout {}: there is no such folder; name another with --root",
                root.display()
            );
        }
        return Ok(Checkout::at(root));
    }
    let here = std::env::current_dir().context("find the current folder")?;
    Ok(find_root(&here).map_or_else(Checkout::none, |root| Checkout::at(&root)))
}

fn refuse(refusals: &[Refusal], as_json: bool) -> Result<Outcome> {
    for refusal in refusals {
        note(&format!("refused: {refusal}"));
    }
    if as_json {
        let list: Vec<Value> = refusals
            .iter()
            .map(|refusal| {
                json!({
                    "rule": refusal.rule, "file": refusal.file, "pointer": refusal.pointer,
                    "text": refusal.text,
                })
            })
            .collect();
        let error = refusals.first().map(ToString::to_string);
        let object = json!({ "refusals": list, "error": error, "exit": Outcome::No.code() });
        print_line(&object.to_string())?;
    }
    Ok(Outcome::No)
}

fn verify_only(args: &ReportVerifyArgs) -> Result<Outcome> {
    let results = match verify(&args.results, &checkout(args.checkout.root.as_deref())?) {
        Ok(results) => results,
        Err(refusals) => return refuse(&refusals, args.json),
    };
    if args.json {
        let list: Vec<Value> = args
            .results
            .iter()
            .zip(&results)
            .map(|(file, result)| {
                json!({
                    "file": file, "device": result.device.name, "run": result.run,
                    "figures": result.figures.len(), "checksum": result.checksum,
                })
            })
            .collect();
        print_line(&json!({ "valid": list, "exit": Outcome::Yes.code() }).to_string())?;
    } else {
        for (file, result) in args.results.iter().zip(&results) {
            let (title, figures) = (&result.device.title, result.figures.len());
            print_line(&format!("{}: valid, {title}, {figures} figures", file.display()))?;
        }
    }
    Ok(Outcome::Yes)
}

fn write_boards(args: &ReportBoardsArgs) -> Result<Outcome> {
    let checkout = checkout(args.checkout.root.as_deref())?;
    let table = table(args.baselines.as_deref())?;
    let names = match args.boards.is_empty() {
        true => boards::names(&checkout)?,
        false => args.boards.clone(),
    };
    std::fs::create_dir_all(&args.out).with_context(|| format!("make {}", args.out.display()))?;
    for name in names {
        let result = boards::result(&name, &checkout, &table)?;
        let file = args.out.join(format!("{name}.json"));
        write(&file, &result.to_text())?;
        print_line(&format!("{}: {} figures", file.display(), result.figures.len()))?;
    }
    Ok(Outcome::Yes)
}

fn write(file: &Path, text: &str) -> Result<()> {
    std::fs::write(file, text).with_context(|| format!("write {}", file.display()))
}

/// The result files: those that were named, or the committed ones.
fn results(args: &ReportArgs, checkout: &Checkout) -> Result<Vec<PathBuf>> {
    if !args.results.is_empty() {
        return Ok(args.results.clone());
    }
    let folder = checkout.root().map(|root| root.join(RESULTS));
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        bail!(
            "find result files: there is no checkout of gemmine here; name files, or the checkout with --root"
        );
    };
    committed(&folder)
}

/// The JSON files of a folder, in the order of their names.
fn committed(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    let files = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    Ok(files)
}

fn report(args: &ReportArgs) -> Result<Outcome> {
    let checkout = checkout(args.checkout.root.as_deref())?;
    let table = table(args.baselines.as_deref())?;
    let files = results(args, &checkout)?;
    let results = match verify(&files, &checkout) {
        Ok(results) => results,
        Err(refusals) => return refuse(&refusals, args.json),
    };
    let inputs = Inputs {
        results: &results,
        baselines: &table,
        rerun: commands(args, &files, &checkout),
        link: args.html.as_deref().and_then(|page| link(page, checkout.root()?)),
    };
    let report = Report::of(&inputs).context("make the report")?;
    let page = html(&report)?;
    if let Some(file) = &args.html {
        write(file, &page)?;
        note(&format!("wrote {}", file.display()));
    }
    if let Some(file) = &args.md {
        write(file, &markdown(&report)?)?;
        note(&format!("wrote {}", file.display()));
    }
    if let Some(file) = &args.pdf {
        // Links to files would name this machine's folders.
        let report = Report { link: None, ..report.clone() };
        pdf::write(&html(&report)?, file)?;
        note(&format!("wrote {}", file.display()));
    }
    if args.json {
        // Without the line feeds of a file.
        let object: Value =
            serde_json::from_str(&report_json(&report)).context("write the report")?;
        print_line(&object.to_string())?;
    } else if args.html.is_none() && args.md.is_none() && args.pdf.is_none() {
        print_line(markdown(&report)?.trim_end())?;
    }
    Ok(Outcome::Yes)
}

/// Where a path is for real; of one that isn't there yet, its folder is.
fn real(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Some(folder.unwrap_or(Path::new(".")).canonicalize().ok()?.join(path.file_name()?))
}

/// What leads from a page's folder to the root; none if the page is not below it.
fn link(page: &Path, root: &Path) -> Option<String> {
    let (page, root) = (real(page)?, root.canonicalize().ok()?);
    let below = page.strip_prefix(root).ok()?;
    let folders =
        below.components().filter(|part| matches!(part, Component::Normal(_))).count() - 1;
    Some(if folders == 0 { "./".into() } else { "../".repeat(folders) })
}

/// The commands that make this report again.
fn commands(args: &ReportArgs, files: &[PathBuf], checkout: &Checkout) -> Vec<String> {
    let is_committed = checkout.root().is_some_and(|root| {
        let own = args.html.as_deref().and_then(real);
        let all = committed(&root.join(RESULTS)).unwrap_or_default();
        let places =
            |files: &[PathBuf]| files.iter().filter_map(|file| real(file)).collect::<Vec<_>>();
        own.is_some() && own == real(&root.join(PAGE)) && places(&all) == places(files)
    });
    if is_committed && args.baselines.is_none() {
        return committed_commands();
    }
    let mut words = vec!["gemmine report".to_owned()];
    words.extend(files.iter().map(|file| file.display().to_string()));
    let options = [
        ("-o", &args.html),
        ("--md", &args.md),
        ("--pdf", &args.pdf),
        ("--baselines", &args.baselines),
        ("--root", &args.checkout.root),
    ];
    for (option, value) in options {
        words.extend(value.iter().map(|value| format!("{option} {}", value.display())));
    }
    vec![words.join(" ")]
}
