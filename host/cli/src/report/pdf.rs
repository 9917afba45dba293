//! A page as PDF, by a Chromium without a window.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use gemmine_tools::process::Child;

use crate::interrupt;

/// What Debian and others call it.
const PROGRAMS: [&str; 4] =
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
/// A page takes about a second; a browser that starts for the first time takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Prints a page into a file.
pub fn write(page: &str, file: &Path) -> Result<()> {
    interrupt::catch()?;
    let program = program()?;
    let file = std::path::absolute(file).context("find the folder of the PDF")?;
    let folder = tempfile::tempdir().context("make a folder for the page")?;
    let source = folder.path().join("report.html");
    std::fs::write(&source, page).with_context(|| format!("write {}", source.display()))?;
    let made = folder.path().join("report.pdf");
    let mut command = Command::new(&program);
    command
        .args(["--headless", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        // Nothing is looked for in the network.
        .arg("--host-resolver-rules=MAP * ~NOTFOUND")
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .args(["--no-pdf-header-footer", "--print-to-pdf-no-header"])
        .arg(format!("--print-to-pdf={}", made.display()));
    if is_root() {
        // Its sandbox can't be made by root; the page is ours, and has no scripts.
        command.arg("--no-sandbox");
    }
    command.arg(format!("file://{}", source.display()));
    let doing = || format!("print {} by {}", file.display(), program.display());
    let child = Child::new(command, folder.path().join("log"));
    child.run(PATIENCE, &interrupt::requested, &mut |_| ()).with_context(doing)?;
    let bytes = std::fs::read(&made).context("read what Chromium printed").with_context(doing)?;
    ensure!(bytes.starts_with(b"%PDF-"), "{}: what came is no PDF", doing());
    std::fs::write(&file, bytes).with_context(|| format!("write {}", file.display()))
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

fn program() -> Result<PathBuf> {
    if let Some(own) = std::env::var_os("GEMMINE_CHROMIUM").filter(|own| !own.is_empty()) {
        return Ok(own.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut places =
        PROGRAMS.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    match places.find(|place| place.is_file()) {
        Some(program) => Ok(program),
        None => bail!(
            "print a PDF: none of {} is on the PATH; install Debian's chromium-headless-shell, set GEMMINE_CHROMIUM to a \
             Chromium or Chrome, or print the page from a browser",
            PROGRAMS.join(", ")
        ),
    }
}
