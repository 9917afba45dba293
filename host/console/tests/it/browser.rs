//! The web page in a real browser.

use gemmine_console::http::{Options, Server, Token};
use gemmine_console::status::{Control, DeviceState, Level, LogLine};
use serde_json::json;

use super::chromium::Browser;
use super::client::{TOKEN, serve};
use super::fake::HOSTILE;

fn open(server: &Server) -> Browser {
    let mut browser = Browser::open(&format!("http://{}/", server.address()));
    browser.resize(1280, 900);
    browser.until("document.getElementById('link')?.textContent === 'live'");
    browser
}

/// The text of all rows of a table.
fn rows(browser: &mut Browser, table: &str) -> Vec<String> {
    let rows = browser.value(&format!(
        "[...document.querySelectorAll('#{table} tbody tr')]\
         .map((row) => row.innerText.replaceAll('\\u00a0', ' '))"
    ));
    serde_json::from_value(rows).unwrap()
}

#[test]
fn everything_is_shown_and_nothing_of_it_runs() {
    let (miner, server) = serve(4);
    let mut browser = open(&server);
    let shown = rows(&mut browser, "devices");
    assert_eq!(shown.len(), 4);
    for wanted in ["serial:/dev/ttyUSB0", "23.1 GMAC/s", "working", "96.3 TMAC", "49 °C"] {
        assert!(shown[0].contains(wanted), "{wanted}: {}", shown[0]);
    }
    assert!(shown[1].contains(HOSTILE), "{}", shown[1]);
    for wanted in ["quarantined", "17 of its last 20 answers were wrong", "85 %"] {
        assert!(shown[2].contains(wanted), "{wanted}: {}", shown[2]);
    }
    let sources = rows(&mut browser, "sources");
    for wanted in ["pool1", "14 s old", "4.4 TMAC a share", "1,234 accepted", "31 ms"] {
        assert!(sources[0].contains(wanted), "{wanted}: {}", sources[0]);
    }
    let head = browser.text("document.getElementById('headline').innerText");
    let head = head.replace('\u{a0}', " ");
    for wanted in
        ["31.3 GMAC/s", "385 TMAC", "1,234", "12 rejected · 34 stale · 3 pending", "2 of 4"]
    {
        assert!(head.contains(wanted), "{wanted}: {head}");
    }
    let log = browser.text("document.getElementById('log').innerText");
    for wanted in ["began", "error quarantined: 17 wrong answers", "source pool2"] {
        assert!(log.contains(wanted), "{wanted}: {log}");
    }
    // Names, log and notice from elsewhere are text, whatever they look like.
    miner.change(|status| {
        status.notice = Some(HOSTILE.into());
        status.work = HOSTILE.into();
        status.sources[0].error = Some(HOSTILE.into());
        status.devices[0].reason = Some(HOSTILE.into());
        status.log.push(LogLine {
            number: 9,
            text: HOSTILE.into(),
            about: HOSTILE.into(),
            ..Default::default()
        });
    });
    browser.until("document.getElementById('log').innerText.includes('<img')");
    assert_eq!(browser.text("document.getElementById('notice').textContent"), HOSTILE);
    assert_eq!(browser.value("document.querySelectorAll('img').length"), 0);
    assert_eq!(browser.value("window.broken ?? 'no'"), "no");
    assert_eq!(browser.complaints, [""; 0]);
}

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
fn what_changes_is_shown_and_said() {
    let (miner, server) = serve(4);
    let address = server.address();
    let mut browser = open(&server);
    miner.change(|status| {
        status.devices[0].state = DeviceState::Gone;
        status.devices[0].reason = Some("unplugged".into());
        let text = "unplugged just now".into();
        status.log.push(LogLine { number: 4, level: Level::Error, text, ..Default::default() });
    });
    browser
        .until("document.getElementById('announce').textContent === 'serial:/dev/ttyUSB0 is gone'");
    assert!(rows(&mut browser, "devices")[0].contains("unplugged"));
    browser.until("document.getElementById('log').innerText.includes('unplugged just now')");
    assert_eq!(browser.value("document.querySelectorAll('#log li').length"), 4);
    // A device more, and one less.
    miner.change(|status| {
        status.devices.remove(2);
        let mut new = status.devices[0].clone();
        new.name = "brought in".into();
        status.devices.push(new);
    });
    browser.until("document.getElementById('devices').innerText.includes('brought in')");
    let shown = rows(&mut browser, "devices");
    assert_eq!(shown.len(), 4);
    assert!(!shown.iter().any(|row| row.contains("ttyUSB2")), "{shown:?}");
    assert_eq!(browser.complaints, [""; 0]);
    // The miner ends, and another begins in its place, whose log begins anew.
    drop(server);
    browser.until("document.getElementById('link').textContent.startsWith('no connection')");
    miner.change(|status| {
        status.uptime_s = 1.0;
        status.log = vec![LogLine { number: 1, text: "anew".into(), ..Default::default() }];
    });
    let _server = Server::bind(address, Options::default(), miner).unwrap();
    browser.until("document.getElementById('link').textContent === 'live'");
    assert!(browser.text("document.getElementById('log').innerText").contains("anew"));
    assert_eq!(browser.value("document.querySelectorAll('#log li').length"), 1);
}

/// The button with this name for a reader who can't see it.
fn button(label: &str) -> String {
    format!("document.querySelector('button[aria-label={}]')", json!(label))
}

#[test]
fn buttons_ask_for_the_token_and_nothing_arrives_without() {
    let (miner, server) = serve(4);
    let mut browser = open(&server);
    let off = button("Switch off: serial:/dev/ttyUSB0");
    let asking = "document.getElementById('ask').open";
    browser.click(&off);
    browser.until(asking);
    browser.picture("token");
    browser.click("document.getElementById('ask-cancel')");
    browser.until(&format!("!{asking}"));
    // A token that is too short is not even sent, and a wrong one is asked for again.
    browser.click(&off);
    browser.until(asking);
    browser.click("document.querySelector('#ask button[type=submit]')");
    assert_eq!(browser.value(asking), true);
    browser.click("document.getElementById('token')");
    browser.type_text("not-the-token-of-it");
    browser.click("document.querySelector('#ask button[type=submit]')");
    browser.until("document.getElementById('ask-what').textContent.startsWith('That token')");
    browser.until(asking);
    assert_eq!(miner.asked(), []);
    assert_eq!(browser.value("sessionStorage.length"), 0);
    // The right one.
    browser.click("document.getElementById('token')");
    browser.type_text(TOKEN);
    browser.click("document.querySelector('#ask button[type=submit]')");
    browser.until("document.getElementById('announce').textContent.endsWith('Asked for.')");
    let device = || "serial:/dev/ttyUSB0".to_owned();
    assert_eq!(miner.asked(), [Control::DeviceOff { device: device() }]);
    // It is kept for the next one, in this tab and nowhere else.
    let on = button("Switch on: serial:/dev/ttyUSB0");
    browser.until(&format!("!{on}.hidden && {off}.hidden"));
    browser.click(&on);
    browser.until(&format!("{on}.hidden"));
    browser.click(&button("Switch off: pool1"));
    browser.until(&format!("!{}.hidden", button("Switch on: pool1")));
    let source = || "pool1".to_owned();
    let all = [
        Control::DeviceOff { device: device() },
        Control::DeviceOn { device: device() },
        Control::SourceOff { source: source() },
    ];
    assert_eq!(miner.asked(), all);
    let kept = browser.value("[sessionStorage.length, localStorage.length, document.cookie]");
    assert_eq!(kept, json!([1, 0, ""]));
}

#[test]
fn a_page_of_a_miner_without_a_token_says_so() {
    let (miner, server) = serve(4);
    drop(server);
    let server = super::client::bind(&miner, None, &[]);
    let mut browser = open(&server);
    browser.click(&button("Try now: processor"));
    browser.until("document.getElementById('ask').open");
    browser.click("document.getElementById('token')");
    browser.type_text(TOKEN);
    browser.click("document.querySelector('#ask button[type=submit]')");
    browser.until("document.getElementById('announce').textContent.includes('without a token')");
    assert_eq!(miner.asked(), []);
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
fn many_devices_can_be_looked_through() {
    let (_miner, server) = serve(256);
    let mut browser = open(&server);
    assert_eq!(rows(&mut browser, "devices").len(), 256);
    assert_eq!(browser.value("document.querySelectorAll('#rate-chart path').length"), 9);
    let seen =
        "[...document.querySelectorAll('#devices tbody tr')].filter((row) => !row.hidden).length";
    browser.click("document.getElementById('filter')");
    browser.type_text("QUARANTINED");
    assert_eq!(browser.value(seen), 1);
    // A token that is wrong and a device that is gone are told apart by what is typed.
    browser.value("document.getElementById('filter').value = ''");
    browser.type_text("ttyUSB25");
    assert_eq!(browser.value(seen), 7);
    assert_eq!(browser.complaints, [""; 0]);
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

#[test]
fn a_token_from_a_browser_is_one() {
    // What the page's field lets through is what a server takes.
    assert!(Token::new(&"x".repeat(16)).is_ok());
    assert!(Token::new(&"x".repeat(15)).is_err());
}
