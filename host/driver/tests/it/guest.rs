//! The VFIO transport on a real kernel: a virtual machine that QEMU emulates in software, with an IOMMU and QEMU's `edu`
//! device, which masters the bus, raises MSI and has nothing to do with gemmine.
//!
//! `examples/guest.rs` is its first and only process. What it says is in `guest.log`; `UPDATE_EXPECT=1` refreshes it.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long all of it may take. It takes about ten seconds where nothing else runs.
const PATIENCE: Duration = Duration::from_secs(600);
/// Modules of the kernel, in the order in which they are loaded.
const MODULES: [&str; 6] = [
    "drivers/vfio/vfio.ko",
    "drivers/vfio/vfio_iommu_type1.ko",
    "drivers/vfio/vfio_virqfd.ko",
    "virt/lib/irqbypass.ko",
    "drivers/vfio/pci/vfio-pci-core.ko",
    "drivers/vfio/pci/vfio-pci.ko",
];
const REMEDY: &str = "run `cargo xtask guest`, which gets Debian's qemu-system-x86 and linux-image-cloud-amd64, or set \
                      GEMMINE_GUEST_KERNEL to a folder with boot/ and lib/modules/ of a kernel with VFIO and Intel's \
                      IOMMU";

/// A kernel's image, and the folder of its modules.
fn kernel() -> (PathBuf, PathBuf) {
    let own = std::env::var_os("GEMMINE_GUEST_KERNEL").map(PathBuf::from);
    let cached = gemmine_tools::home().ok().map(|folder| folder.join("guest"));
    let roots: Vec<PathBuf> = own.into_iter().chain(cached).collect();
    for root in &roots {
        let images = fs::read_dir(root.join("boot")).into_iter().flatten().flatten();
        let mut versions: Vec<String> = images
            .filter_map(|entry| Some(entry.file_name().to_str()?.strip_prefix("vmlinuz-")?.into()))
            .collect();
        versions.sort();
        if let Some(version) = versions.pop() {
            let modules = root.join("lib/modules").join(&version).join("kernel");
            return (root.join("boot").join(format!("vmlinuz-{version}")), modules);
        }
    }
    panic!("there is no kernel for the guest in {roots:?}; {REMEDY}");
}

/// `cargo test` builds examples beside tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join("examples/guest");
    let remedy = "run `cargo build -p gemmine-driver --example guest`";
    assert!(path.exists(), "{} is not there: {remedy}", path.display());
    path
}

/// The libraries that a program asks for, and the loader.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let listed = Command::new("ldd").arg(program).output().unwrap();
    let text = String::from_utf8(listed.stdout).unwrap();
    let paths = text.lines().filter_map(|line| {
        line.split_whitespace().find(|word| word.starts_with('/')).map(PathBuf::from)
    });
    let paths: Vec<PathBuf> = paths.collect();
    assert!(paths.len() > 1, "{text}");
    paths
}

/// An archive in the format that the kernel unpacks (cpio's `newc`).
struct Archive(Vec<u8>);

impl Archive {
    fn entry(&mut self, path: &str, mode: u32, data: &[u8]) {
        let name = path.trim_start_matches('/');
        let fields = [1, mode, 0, 0, 1, 0, data.len() as u32, 0, 0, 0, 0, name.len() as u32 + 1, 0];
        write!(self.0, "070701").unwrap();
        for field in fields {
            write!(self.0, "{field:08x}").unwrap();
        }
        self.0.extend(name.bytes().chain([0]));
        self.pad();
        self.0.extend(data);
        self.pad();
    }

    fn pad(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    fn file(&mut self, path: &str, data: &[u8]) {
        let path = path.trim_start_matches('/');
        let ends = path.match_indices('/').map(|(end, _)| end);
        for end in ends {
            self.entry(&path[..end], 0o040_755, &[]);
        }
        self.entry(path, 0o100_755, data);
    }
}

fn archive(modules: &Path) -> Vec<u8> {
    let mut archive = Archive(Vec::new());
    let program = program();
    archive.file("init", &fs::read(&program).unwrap());
    for library in libraries(&program) {
        archive.file(library.to_str().unwrap(), &fs::read(&library).unwrap());
    }
    for (n, module) in MODULES.iter().enumerate() {
        let path = modules.join(module);
        let data = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        archive.file(&format!("modules/{n}.ko"), &data);
    }
    // The kernel's own first process has its output here.
    archive.entry("dev", 0o040_755, &[]);
    archive.entry("TRAILER!!!", 0, &[]);
    archive.0
}

/// Starts the machine; what it wrote to its serial port.
fn machine() -> String {
    let (image, modules) = kernel();
    let folder = tempfile::tempdir().unwrap();
    let initramfs = folder.path().join("initramfs");
    fs::write(&initramfs, archive(&modules)).unwrap();
    let qemu = std::env::var_os("GEMMINE_QEMU").unwrap_or_else(|| "qemu-system-x86_64".into());
    let child = Command::new(&qemu)
        .args(["-machine", "q35,accel=tcg", "-m", "512", "-nographic"])
        .args(["-nodefaults", "-no-user-config", "-no-reboot", "-serial", "stdio"])
        .args(["-device", "intel-iommu,intremap=on"])
        .args(["-device", "pcie-root-port,id=root1,chassis=1", "-device", "edu,bus=root1"])
        // One card of two functions.
        .args(["-device", "pcie-root-port,id=root2,chassis=2"])
        .args(["-device", "edu,bus=root2,addr=0.0,multifunction=on"])
        .args(["-device", "edu,bus=root2,addr=0.1"])
        .args(["-device", "pci-serial"])
        .arg("-kernel")
        .arg(image)
        .arg("-initrd")
        .arg(&initramfs)
        .args([
            "-append",
            "console=ttyS0 intel_iommu=on no_timer_check panic=-1 loglevel=1 random.trust_cpu=on",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{qemu:?}: {error}; {REMEDY}"));
    let mut output = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = output.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the guest did not end in {PATIENCE:?}; it said:\n{}", reader.join().unwrap());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    reader.join().unwrap()
}

#[test]
fn vfio_drives_a_device_of_a_virtual_machine() {
    let text = machine();
    let said: Vec<&str> =
        text.lines().map(str::trim_end).filter(|line| line.starts_with("guest: ")).collect();
    assert_eq!(said.last(), Some(&"guest: every step passed"), "{text}");
    // All but the time.
    let steps: Vec<&str> =
        said.iter().copied().filter(|line| !line.starts_with("guest: all of that in")).collect();
    let log = format!("{}\n", steps.join("\n"));
    expect_test::expect_file!["../guest.log"].assert_eq(&log);
}
