//! What is committed is what its inputs come to.

use std::path::Path;

use gemmine_report::baselines::Baselines;
use gemmine_report::boards;
use gemmine_report::figure::{Kind, kinds_below};
use gemmine_report::report::{html, markdown};
use gemmine_report::result::{Class, Protocol};
use gemmine_report::verify::Checkout;

use super::{files, report, results, root};

/// Compares with a committed file, or writes it where `UPDATE_EXPECT` is set.
fn same(path: &Path, made: &str, remedy: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, made).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    // Not assert_eq: a page of half a megabyte tells nobody anything.
    let line = committed.lines().zip(made.lines()).position(|(old, new)| old != new);
    assert!(
        committed == made,
        "{} is not what its inputs come to (line {line:?}); {remedy}",
        path.display()
    );
}

// One test, since the report is made of what the first half of it may have to write.
#[test]
fn boards_and_report_come_out_again() {
    let checkout = Checkout::at(&root());
    let baselines = Baselines::embedded().unwrap();
    let names = boards::names(&checkout).unwrap();
    assert_eq!(names.len(), 8, "{names:?}");
    for name in names {
        let result = boards::result(&name, &checkout, &baselines).unwrap();
        let path = root().join(format!("benches/results/{name}.json"));
        same(&path, &result.to_text(), "run `gemmine report boards --out benches/results`");
    }
    let report = report();
    let remedy = "run the commands in its section on how to rerun";
    same(&root().join("benches/report.html"), &html(&report).unwrap(), remedy);
    same(&root().join("benches/report.md"), &markdown(&report).unwrap(), remedy);
}

#[test]
fn boards_a_processor_and_the_check_of_the_shaders_path_are_there() {
    let results = results();
    let has = |class, protocol| {
        results
            .iter()
            .any(|result| result.device.class == class && result.protocols.contains(&protocol))
    };
    assert!(has(Class::Cpu, Protocol::Pearl), "`gemmine bench --device cpu` is missing");
    assert!(has(Class::Cpu, Protocol::Amadeus), "`--protocol amadeus` of the processor is missing");
    assert!(has(Class::SoftwareGpu, Protocol::Pearl), "`--device gpu:llvmpipe` is missing");
    let boards = results.iter().filter(|result| result.device.class == Class::Fpga).count();
    assert_eq!(boards, 8);
}

#[test]
fn no_board_claims_to_be_measured() {
    assert!(files().len() >= 8);
    for result in results().iter().filter(|result| result.started.is_none()) {
        for (name, figure) in &result.figures {
            let kinds = kinds_below(figure, &|name| result.figures.get(name));
            assert!(!kinds.contains(&Kind::Measured), "{}: {name}", result.device.name);
        }
    }
}
