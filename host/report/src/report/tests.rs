//! The report of a small set of results.

use super::*;
use crate::result::Class;
use crate::result::tests::sample;

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
        answer[0].ends_with("No: not for energy, whichever end of the range is right."),
        "{answer:?}"
    );
    assert!(answer[1].contains("625 pJ/MAC (400 to 789)"), "{answer:?}");
    assert!(answer[1].contains("622 times (398 to 786)"), "{answer:?}");
    let mut without = sample();
    without.figures.remove(crate::result::names::ENERGY_PER_MAC);
    let answer = report(&[without]).unwrap().headline;
    assert!(answer[0].contains("nothing can be said of energy"), "{answer:?}");
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
        assert_eq!(row.times_gpu.starts_with("none"), is_software, "{}", row.times_gpu);
        assert_eq!(both.charts["energy"].contains("Another"), !is_software);
    }
    let alone = report(&[of(Class::SoftwareGpu)]).unwrap();
    assert!(alone.headline[0].contains("nothing can be said"), "{:?}", alone.headline);
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
