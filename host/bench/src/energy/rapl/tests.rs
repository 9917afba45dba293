//! A powercap folder as Linux lays it out.

use super::*;

fn package(folder: &Path, name: &str, zone: &str, count: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(&path).unwrap();
    std::fs::write(path.join("name"), format!("{zone}\n")).unwrap();
    std::fs::write(path.join("max_energy_range_uj"), "1000000\n").unwrap();
    std::fs::write(path.join("energy_uj"), format!("{count}\n")).unwrap();
}

#[test]
fn packages_are_added_and_their_parts_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    package(path, "intel-rapl:0", "package-0", "999000");
    package(path, "intel-rapl:0:0", "core", "77");
    package(path, "intel-rapl:1", "package-1", "5");
    package(path, "intel-rapl:2", "psys", "500000");
    package(path, "dtpm", "something", "1");
    let mut rapl = Rapl::find(path).unwrap();
    assert_eq!(rapl.packages(), 2);
    assert_eq!(rapl.joules().unwrap(), 0.0);
    // The first count begins anew behind its range.
    package(path, "intel-rapl:0", "package-0", "1000");
    package(path, "intel-rapl:1", "package-1", "250005");
    assert!((rapl.joules().unwrap() - 0.252).abs() < 1e-12);
    assert!((rapl.joules().unwrap() - 0.252).abs() < 1e-12);
}

#[test]
fn what_is_not_there_or_not_readable_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let error = Rapl::find(path).unwrap_err().to_string();
    assert!(error.contains("virtual machines") && error.contains("--watts"), "{error}");
    assert!(Rapl::find(&path.join("nothing")).unwrap_err().to_string().contains("nothing"));
    package(path, "intel-rapl:0", "package-0", "many");
    let error = Rapl::find(path).unwrap_err().to_string();
    assert!(error.contains("energy_uj") && error.contains("\"many\" is no count"), "{error}");
}
