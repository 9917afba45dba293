//! The report of a small set of results.

use super::*;
use crate::result::Class;

/// The sample as a board.
fn sample() -> ResultFile {
    let mut file = crate::result::tests::sample();
    file.device.class = Class::Fpga;
    file.sealed()
}

fn report(results: &[ResultFile]) -> Result<Report, ReportError> {
    Report::of(&Inputs {
        results,
        baselines: &Baselines::embedded().unwrap(),
        rerun: vec!["gemmine report -o report.html".into()],
        link: Some("../".into()),
    })
}

/// The sample under a name that nobody should let into a page as it is.
fn hostile() -> ResultFile {
    let mut file = sample();
    file.device.title = "<script>window.broken = 1</script>|&\"".into();
    file.limit = "<img src=x onerror=alert(1)>".into();
    file.run = "hostile".into();
    file.sealed()
}

#[test]
fn the_same_inputs_give_the_same_bytes_in_any_order() {
    let (a, b) = ([sample(), hostile()], [hostile(), sample()]);
    let (a, b) = (report(&a).unwrap(), report(&b).unwrap());
    assert_eq!(html(&a).unwrap(), html(&b).unwrap());
    assert_eq!(markdown(&a).unwrap(), markdown(&b).unwrap());
    assert_eq!(json(&a), json(&b));
}

#[test]
fn names_from_files_are_text() {
    let page = html(&report(&[hostile()]).unwrap()).unwrap();
    assert!(!page.contains("<script>") && !page.contains("<img"), "a name became an element");
    assert!(page.contains("&lt;script&gt;"));
    let text = markdown(&report(&[hostile()]).unwrap()).unwrap();
    assert!(text.contains("</script>\\|&"), "a bar ended a cell");
}

#[test]
fn every_number_leads_to_an_entry_and_every_entry_to_a_place() {
    let report = report(&[sample()]).unwrap();
    let page = html(&report).unwrap();
    let anchors: std::collections::BTreeSet<&str> =
        report.origins.iter().map(|origin| &*origin.anchor).collect();
    assert_eq!(anchors.len(), report.origins.len(), "two entries with one anchor");
    let links: Vec<&str> =
        page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let ids: std::collections::BTreeSet<&str> =
        page.split("id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(links.len() > 150, "{}", links.len());
    for link in links {
        assert!(ids.contains(link), "#{link} leads nowhere");
    }
    for origin in &report.origins {
        assert!(!origin.place.is_empty(), "{origin:?}");
        assert!(!origin.conditions.is_empty(), "{origin:?}");
        for (_, input) in &origin.inputs {
            assert!(anchors.contains(&**input), "{origin:?}");
        }
    }
}

#[test]
fn the_answer_says_how_sure_it_is() {
    // 625 pJ/MAC at 400 to 789: behind, wherever in the range.
    let answer = report(&[sample()]).unwrap().headline;
    assert!(
        answer[0].text.ends_with("No: not for energy, at either end of the ranges below."),
        "{answer:?}"
    );
    assert!(answer[1].text.contains("625 pJ/MAC (400 to 789)"), "{answer:?}");
    assert!(answer[1].text.contains("622 (398 to 786) times that"), "{answer:?}");
    let mut without = sample();
    without.figures.remove(crate::result::names::ENERGY_PER_MAC);
    let answer = report(&[without]).unwrap().headline;
    assert!(answer[0].text.contains("nothing can be said of energy"), "{answer:?}");
    assert!(matches!(report(&[]), Err(ReportError::NoResults)));
}

#[test]
fn software_that_plays_a_graphics_processor_counts_as_none() {
    let of = |class| {
        let mut file = sample();
        file.device.class = class;
        file.device.title = "Another".into();
        file.run = "another".into();
        // Far better than the other, were it one.
        for name in [crate::result::names::ENERGY_PER_MAC, crate::result::names::POWER] {
            if let Some(figure) = file.figures.get_mut(name) {
                figure.value *= 1e-4;
                figure.uncertainty = None;
            }
        }
        file.sealed()
    };
    let plain = report(&[sample()]).unwrap();
    for class in [Class::SoftwareGpu, Class::Gpu] {
        let both = report(&[sample(), of(class)]).unwrap();
        assert_eq!(both.headline, plain.headline, "{class:?}");
        assert_eq!(both.changes, plain.changes, "{class:?}");
        let row = both.devices.iter().find(|device| device.title == "Another").unwrap();
        let is_software = class == Class::SoftwareGpu;
        let words = if is_software { "software" } else { "a lower bound" };
        assert!(row.part.contains(words), "{}", row.part);
        assert_eq!(row.times_note.starts_with("none"), is_software, "{}", row.times_note);
        assert_eq!(row.times[0][0].text.is_empty(), is_software, "{:?}", row.times);
        assert_eq!(both.charts["energy"].contains("Another"), !is_software);
    }
    let alone = report(&[of(Class::SoftwareGpu)]).unwrap();
    assert!(alone.headline[0].text.contains("nothing can be said"), "{:?}", alone.headline);
}

#[test]
fn charts_say_what_they_show() {
    let report = report(&[sample()]).unwrap();
    for name in ["energy", "race", "attempts"] {
        let chart = &report.charts[name];
        assert_eq!(chart.matches("<title ").count(), 2, "{name}");
        assert_eq!(chart.matches("<desc ").count(), 2, "{name}");
        assert!(chart.contains("role=\"img\""));
    }
    assert!(report.charts["energy"].contains("A sample: 625 pJ/MAC (400 to 789)"));
    assert!(!json(&report).contains("<svg"));
}

#[test]
fn a_processor_is_no_hardware_for_this_and_has_its_own_sentence() {
    let mut cpu = sample();
    cpu.device.class = Class::Cpu;
    cpu.device.title = "A processor".into();
    cpu.run = "a-processor".into();
    // Better than the board, which is what the answer is about all the same.
    cpu.figures.get_mut(crate::result::names::ENERGY_PER_MAC).unwrap().value /= 10.0;
    let both = report(&[sample(), cpu]).unwrap();
    assert_eq!(both.headline[..2], report(&[sample()]).unwrap().headline[..2]);
    let own = both.headline.iter().filter(|line| line.text.contains("the processor A processor"));
    assert_eq!(own.count(), 1, "{:?}", both.headline);
    let row = both.devices.iter().find(|device| device.title == "A processor").unwrap();
    // Its operands come out of memory, new for every tile.
    assert!(!row.times[0][0].text.is_empty() && !row.times[1][0].text.is_empty());
}

#[test]
fn ratios_to_graphics_processors_are_figures_with_kind_and_source() {
    let report = report(&[sample()]).unwrap();
    for cell in report.devices[0].times.iter().map(|cells| &cells[1]) {
        assert!(cell.kind.starts_with("derived from") && cell.boundary == "board", "{cell:?}");
        let origin = report.origins.iter().find(|origin| origin.anchor == cell.anchor).unwrap();
        assert!(origin.inputs.iter().any(|(_, to)| to.starts_with("from-the-race-int8-gpu")));
    }
    let kinds = &report.devices[0].times;
    assert!(kinds[0][1].kind.contains("self-report") && kinds[1][1].kind.contains("vendor"));
}

#[test]
fn work_that_nobody_pays_for_says_so() {
    use crate::figure::Unit;
    use crate::result::names;
    let mut file = sample();
    let mut streamed = file.figures[names::ENERGY_PER_MAC].clone();
    streamed.value *= 100.0;
    streamed.uncertainty = None;
    let zero =
        crate::figure::Figure { value: 13_000.0, unit: Unit::TicketPerSecond, ..streamed.clone() };
    file.figures.insert(names::ENERGY_PER_MAC_STREAMED.into(), streamed);
    file.figures.insert(names::TICKETS.into(), zero);
    let report = report(&[file]).unwrap();
    let said: Vec<&str> = report.headline.iter().map(|line| &*line.text).collect();
    assert!(
        said[1].contains("new operands over its line") && said[1].contains("62,500 pJ/MAC"),
        "{said:?}"
    );
    assert!(
        said[2].contains("same tiles again and again") && said[2].contains("625 pJ/MAC"),
        "{said:?}"
    );
    assert!(said.iter().any(|line| line.starts_with("No useful work: A sample makes")), "{said:?}");
    assert!(report.devices[0].tickets.iter().all(|row| row.what.contains("no useful work")));
}

/// Every tile of a processor's that mined had operands of its own, unless they were zeros.
#[test]
fn what_a_processor_did_stands_in_the_column_of_its_operands() {
    use crate::result::Protocol;
    let row = |protocol| {
        let mut file = crate::result::tests::sample();
        (file.device.class, file.protocols) = (Class::Cpu, vec![protocol]);
        report(&[file.sealed()]).unwrap().devices.remove(0)
    };
    let new = row(Protocol::Pearl);
    let empty = |cell: &Cell| cell.text.is_empty();
    assert!(!empty(&new.streamed) && !empty(&new.energy_streamed), "{new:?}");
    assert!(empty(&new.throughput) && empty(&new.energy), "{new:?}");
    for protocol in [Protocol::PearlZeroSignal, Protocol::Matmul] {
        let same = row(protocol);
        assert!(empty(&same.streamed) && empty(&same.energy_streamed), "{same:?}");
        assert!(!empty(&same.throughput) && !empty(&same.energy), "{same:?}");
    }
}

#[test]
fn sources_print_value_and_ends_in_one_unit() {
    let report = report(&[sample()]).unwrap();
    for origin in &report.origins {
        assert!(!origin.exact.ends_with(" 1"), "{origin:?}");
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
        assert!(digits(origin.exact.split(' ').next().unwrap()) <= 16, "{origin:?}");
    }
    let power = report.origins.iter().find(|origin| origin.name == "power").unwrap();
    assert!(power.exact.ends_with(" W)") || power.exact.ends_with(" W"), "{power:?}");
}
