//! How the web page looks, and what it says to those who can't see it.

use gemmine_browser::Browser;
use serde_json::json;

use super::browser::open;
use super::client::{get, serve};
use super::fake::HOSTILE;

#[test]
fn charts_are_drawn_and_say_what_they_show() {
    let (miner, server) = serve(4);
    let mut browser = open(&server);
    for _ in 0..30 {
        miner.advance();
    }
    browser.until("document.querySelector('#rate-chart .total')?.getTotalLength() > 50");
    browser.until("document.querySelector('#share-chart .accepted')?.getTotalLength() > 50");
    let texts = |browser: &mut Browser, chart: &str| {
        browser.text(&format!("document.getElementById('{chart}').textContent"))
    };
    let rate = texts(&mut browser, "rate-chart");
    for wanted in ["GMAC/s", "now", "−20 s"] {
        assert!(rate.contains(wanted), "{wanted}: {rate}");
    }
    assert!(texts(&mut browser, "share-chart").starts_with("shares"));
    let legend = browser.text("document.getElementById('rate-legend').innerText");
    assert!(legend.contains("all devices") && legend.contains(HOSTILE), "{legend}");
    // A line a device, and one for all.
    assert_eq!(browser.value("document.querySelectorAll('#rate-chart path').length"), 5);
    let said = browser.text("document.getElementById('rate-chart').getAttribute('aria-label')");
    assert!(said.starts_with("Rate over the last 1 min, now in GMAC/s: all devices 3"), "{said}");
    assert_eq!(browser.complaints, [""; 0]);
}

#[test]
fn a_page_opened_later_draws_what_was_before() {
    let (miner, server) = serve(4);
    while get(&server, "/api/v1/history").json()["points"] == json!([]) {}
    for _ in 0..40 {
        miner.advance();
    }
    let mut browser = open(&server);
    browser.until("document.querySelector('#rate-chart .total')?.getTotalLength() > 50");
    browser.until("document.querySelector('#rate-chart .device0')?.getTotalLength() > 50");
    let said = browser.text("document.getElementById('share-chart').getAttribute('aria-label')");
    assert!(said.contains("accepted 14, rejected 0, stale 0"), "{said}");
}

#[test]
fn it_fits_phones_and_desks() {
    let (miner, server) = serve(12);
    let mut browser = open(&server);
    for _ in 0..40 {
        miner.advance();
    }
    browser.until("document.querySelector('#share-chart .accepted')?.getTotalLength() > 50");
    for (width, height) in [(320, 640), (390, 844), (768, 1024), (1280, 900), (1920, 1080)] {
        for dark in [false, true] {
            browser.resize(width, height);
            browser.dark(dark);
            // Charts are drawn anew for their new width.
            browser.until(
                "(() => { const chart = document.getElementById('rate-chart'); \
                 return Math.abs(chart.viewBox.baseVal.width - chart.clientWidth) <= 1; })()",
            );
            let wide = browser.value("document.documentElement.scrollWidth");
            assert!(wide.as_u64().unwrap() <= u64::from(width), "{wide} of {width}");
            browser.picture(&format!("{width}-{}", if dark { "dark" } else { "light" }));
            // The notice stays in sight at the far end.
            browser.value("window.scrollTo(0, document.body.scrollHeight)");
            let seen = browser.value(
                "(() => { const box = document.getElementById('notice').getBoundingClientRect(); \
                 return box.top >= 0 && box.bottom <= innerHeight && box.height > 0; })()",
            );
            assert_eq!(seen, true, "{width}");
            browser.value("window.scrollTo(0, 0)");
        }
    }
}

#[test]
fn a_reader_who_sees_nothing_has_tables_and_pictures_with_words() {
    let (_miner, server) = serve(4);
    let mut browser = open(&server);
    // Also where rows look like cards.
    browser.resize(390, 844);
    browser.until("document.querySelector('#rate-chart path')");
    let tree = browser.call("Accessibility.getFullAXTree", json!({}));
    let nodes = tree["nodes"].as_array().unwrap();
    let names = |role: &str| {
        let own = nodes.iter().filter(|node| node["role"]["value"] == role);
        own.map(|node| node["name"]["value"].as_str().unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(names("table"), ["Devices", "Sources"]);
    // Four devices, two sources, and a head each.
    assert_eq!(names("row").len(), 8);
    assert_eq!(names("columnheader").len(), 13);
    assert_eq!(names("rowheader").len(), 6);
    let pictures = names("image").len() + names("img").len();
    assert_eq!(
        pictures,
        2,
        "{:?}",
        nodes.iter().map(|node| &node["role"]["value"]).collect::<Vec<_>>()
    );
    assert!(names("status").len() >= 2);
    assert_eq!(names("log").len(), 1);
    assert!(names("button").iter().all(|name| name.contains(": ")));
}

#[test]
fn numbers_are_written_as_people_read_them() {
    let (_miner, server) = serve(4);
    let mut browser = open(&server);
    let cases = [
        ("si(0, 'MAC')", "0 MAC"),
        ("si(999.4, 'MAC')", "999 MAC"),
        ("si(999.7, 'MAC')", "1 kMAC"),
        ("si(1000, 'MAC')", "1 kMAC"),
        ("si(999999999, 'MAC/s')", "1 GMAC/s"),
        ("si(1.2345e15, 'MAC')", "1.23 PMAC"),
        ("si(1e30, 'MAC')", "1000000 YMAC"),
        ("si(null, 'MAC')", "–"),
        ("si(NaN, 'MAC')", "–"),
        ("percent(0)", "0 %"),
        ("percent(0.00012)", "0.012 %"),
        ("percent(1)", "100 %"),
        ("duration(0.0312)", "31.2 ms"),
        ("duration(0)", "0 ms"),
        ("duration(1.5)", "1.5 s"),
        ("duration(59.9)", "59 s"),
        ("duration(3600)", "1 h"),
        ("duration(11565)", "3 h 12 min"),
        ("duration(86400 * 3 + 3599)", "3 d"),
        ("String(step(7, 4, false))", "2"),
        ("String(step(0.3, 4, true))", "1"),
        ("String(step(1234, 4, true))", "500"),
    ];
    let texts: Vec<_> = cases.iter().map(|(text, _)| *text).collect();
    let values = browser.value(&format!(
        "(async () => {{ const {{ si, percent, duration }} = await import('/page/format.js'); \
         const {{ step }} = await import('/page/charts.js'); return [{}]; }})()",
        texts.join(", ")
    ));
    for (place, (expression, expected)) in cases.iter().enumerate() {
        assert_eq!(values[place], *expected, "{expression}");
    }
}
