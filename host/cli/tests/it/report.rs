//! `gemmine report` and `gemmine baselines`: the committed results, files that break rules, tables that are wrong.

use super::*;

/// The root of the checkout.
fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

#[test]
fn the_committed_report_is_made_by_the_command_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let root = root();
    let results: Vec<String> = {
        let entries = fs::read_dir(root.join("benches/results")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().path().display().to_string()).collect();
        names.sort();
        names
    };
    let root = root.display();
    expect(
        folder.path(),
        &format!("report {} -o page.html --md page.md --root {root}", results.join(" ")),
        0,
    );
    let page = fs::read_to_string(folder.path().join("page.html")).unwrap();
    let committed = fs::read_to_string(format!("{root}/benches/report.html")).unwrap();
    // Links and the commands to rerun follow from where the page is; the numbers don't.
    let numbers = |page: &str| {
        let main = page.split("<section id=\"energy\">").nth(1).unwrap().to_owned();
        main.split("<section id=\"rerun\">").next().unwrap().to_owned()
    };
    assert_eq!(numbers(&page), numbers(&committed));
    let verified = expect(
        folder.path(),
        &format!("report verify {} --json --root {root}", results.join(" ")),
        0,
    );
    assert_eq!(last_json(&verified)["valid"].as_array().unwrap().len(), results.len());
    expect(folder.path(), &format!("report boards ulx3s-85f --out again --root {root}"), 0);
    let again = fs::read_to_string(folder.path().join("again/ulx3s-85f.json")).unwrap();
    let committed = fs::read_to_string(format!("{root}/benches/results/ulx3s-85f.json")).unwrap();
    assert_eq!(again, committed);
}

#[test]
fn a_changed_file_is_refused_with_rule_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let root = root();
    let text = fs::read_to_string(root.join("benches/results/icebreaker.json")).unwrap();
    fs::write(folder.path().join("own.json"), text.replacen("iCEBreaker", "iceBREAKER", 1))
        .unwrap();
    let root = root.display();
    let output = gemmine(folder.path(), &format!("report verify own.json --root {root} --json"));
    assert_eq!(output.status.code(), Some(1));
    let object = last_json(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(object["refusals"][0]["rule"], "checksum");
    assert_eq!(object["refusals"][0]["pointer"], "/checksum");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("refused: own.json: /checksum: checksum: "), "{text}");
    // No report is made of it.
    expect(folder.path(), &format!("report own.json -o page.html --root {root}"), 1);
    assert!(!folder.path().join("page.html").exists());
}

#[test]
fn what_can_not_be_done_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, why) in [
        ("report -o page.html", "no checkout of gemmine here"),
        ("report --root nowhere -o page.html", "no such folder"),
        ("report boards --out results", "--root"),
        ("report --baselines none.toml -o page.html", "none.toml"),
        ("baselines list --file none.toml", "none.toml"),
    ] {
        expect_trouble(folder.path(), arguments, why);
    }
    assert!(expect(folder.path(), "report schema", 0).contains("\"$schema\""));
}

#[test]
fn the_table_is_listed_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let text = expect(folder.path(), "baselines list", 0);
    for wanted in [
        "RTX 4090",
        "308 TMAC/s, 310 W load = 1.00 pJ/MAC",
        "[self-report]",
        "700 W TDP",
        "iCEBreaker",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let object = last_json(&expect(folder.path(), "baselines list --json", 0));
    let entries = object["entries"].as_array().unwrap();
    assert!(entries.len() > 20);
    assert!(entries.iter().all(|entry| entry["figures"].is_object()));
    expect(folder.path(), "baselines check", 0);
    let table = fs::read_to_string(root().join("benches/baselines.toml")).unwrap();
    fs::write(folder.path().join("own.toml"), table.replacen("tops = 1979", "tops = -1979", 1))
        .unwrap();
    let text = expect(folder.path(), "baselines check --file own.toml", 1);
    assert!(
        text.contains("own.toml, line ") && text.contains("is -1979; give a number above 0"),
        "{text}"
    );
    let object = last_json(&expect(folder.path(), "baselines check --file own.toml --json", 1));
    assert_eq!(object["exit"], 1);
    fs::write(folder.path().join("own.toml"), "gpu = 3").unwrap();
    expect_trouble(folder.path(), "baselines check --file own.toml", "own.toml");
}

#[test]
fn a_page_becomes_a_pdf() {
    let folder = tempfile::tempdir().unwrap();
    let result = root().join("benches/results/icebreaker.json");
    let (result, root) = (result.display(), root());
    let root = root.display();
    expect(folder.path(), &format!("report {result} --pdf page.pdf --root {root}"), 0);
    assert!(fs::read(folder.path().join("page.pdf")).unwrap().starts_with(b"%PDF-"));
}
