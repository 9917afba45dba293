//! The page in a real browser: on telephones, desks and paper.

use gemmine_browser::Browser;
use gemmine_report::report::html;

use super::report;

/// The page as a file, opened.
fn open() -> (tempfile::TempDir, Browser) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    std::fs::write(&path, html(&report()).unwrap()).unwrap();
    let mut browser = Browser::open(&format!("file://{}", path.display()));
    browser.resize(1280, 900);
    browser
        .until("document.readyState === 'complete' && document.querySelector('#sources') !== null");
    (folder, browser)
}

#[test]
fn it_fits_phones_and_desks_in_light_and_dark() {
    let (_folder, mut browser) = open();
    for (width, height) in [(320, 640), (390, 844), (768, 1024), (1280, 900), (1920, 1080)] {
        for dark in [false, true] {
            browser.resize(width, height);
            browser.dark(dark);
            let wide = browser.value("document.documentElement.scrollWidth");
            assert!(wide.as_u64().unwrap() <= u64::from(width), "{wide} of {width}");
            // Nothing is drawn over the edge of a chart.
            let over = browser.value(
                "[...document.querySelectorAll('svg.chart')].filter((svg) => svg.clientWidth > 0).flatMap((svg) => { \
                 const box = svg.getBoundingClientRect(); return [...svg.querySelectorAll('text')].filter((text) => { \
                 const own = text.getBoundingClientRect(); return own.left < box.left - 1 || own.right > box.right + 1; }) \
                 .map((text) => `${svg.id}: ${text.textContent}`); })",
            );
            assert_eq!(over, serde_json::json!([]), "at {width}");
            // Letters of charts can be read.
            let smallest = browser.value(
                "Math.min(...[...document.querySelectorAll('svg.chart text')].map((text) => \
                 text.getBoundingClientRect().height).filter((height) => height > 0))",
            );
            assert!(smallest.as_f64().unwrap() >= 9.0, "{smallest} pixels at {width}");
            browser.picture(&format!("report-{width}-{}", if dark { "dark" } else { "light" }));
        }
    }
    assert_eq!(browser.complaints, [""; 0]);
    assert_eq!(browser.requests.len(), 1, "{:?}", browser.requests);
}

#[test]
fn a_number_leads_to_its_source() {
    let (_folder, mut browser) = open();
    browser.click("document.querySelector('#energy tbody td a')");
    browser.until("document.querySelector('.origin:target') !== null");
    let origin = browser.text("document.querySelector('.origin:target').innerText");
    assert!(origin.contains("power") && origin.contains("estimate"), "{origin}");
    // Its entry was closed until then.
    assert_eq!(
        browser.value("document.querySelector('.origin:target').closest('details').open"),
        true
    );
    let broken = browser.value(
        "[...document.querySelectorAll('a[href^=\"#\"]')].map((link) => link.getAttribute('href').slice(1)) \
         .filter((name) => document.getElementById(name) === null)",
    );
    assert_eq!(broken, serde_json::json!([]));
}

#[test]
fn a_reader_who_sees_nothing_has_words_for_every_chart() {
    let (_folder, mut browser) = open();
    for width in [390, 1280] {
        browser.resize(width, 900);
        let tree = browser.call("Accessibility.getFullAXTree", serde_json::json!({}));
        let nodes = tree["nodes"].as_array().unwrap();
        let pictures: Vec<&str> = nodes
            .iter()
            .filter(|node| {
                matches!(node["role"]["value"].as_str(), Some("img" | "image" | "SvgRoot"))
            })
            .map(|node| node["name"]["value"].as_str().unwrap_or_default())
            .collect();
        assert!(pictures.len() >= 7, "{pictures:?}");
        assert!(pictures.iter().all(|name| name.len() > 60), "{pictures:?}");
    }
}

#[test]
fn it_prints() {
    let (_folder, mut browser) = open();
    let pdf = browser.pdf();
    assert!(pdf.starts_with(b"%PDF-"), "no PDF");
    assert!(pdf.len() > 50_000, "{} bytes", pdf.len());
    if let Some(folder) = std::env::var_os("GEMMINE_SCREENSHOTS") {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(std::path::Path::new(&folder).join("report.pdf"), &pdf).unwrap();
    }
    assert_eq!(browser.complaints, [""; 0]);
}
