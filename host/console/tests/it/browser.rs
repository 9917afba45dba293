//! The web page in a real browser.

use gemmine_browser::Browser;
use gemmine_console::http::{Options, Server};
use gemmine_console::status::{Control, DeviceState, Level, LogLine};
use serde_json::json;

use super::client::{TOKEN, serve};
use super::fake::HOSTILE;

/// The page, when it shows its first status.
pub fn open(server: &Server) -> Browser {
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
    // What nobody needs to know is not shown, and what everybody must is.
    let shown =
        "[document.getElementById('notice').hidden, document.getElementById('unwritable').hidden]";
    assert_eq!(browser.value(shown), json!([false, true]));
    miner.change(|status| {
        status.notice = None;
        status.totals.log_writable = false;
    });
    browser.until(&format!("String({shown}) === 'true,false'"));
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
    browser.listen();
    let off = button("Switch off: serial:/dev/ttyUSB0");
    let asking = "document.getElementById('ask').open";
    browser.click_until(&off, asking);
    browser.picture("token");
    browser.click_until("document.getElementById('ask-cancel')", &format!("!{asking}"));
    // A token that is too short is not even sent, and a wrong one is asked for again.
    browser.click_until(&off, asking);
    browser.click("document.querySelector('#ask button[type=submit]')");
    assert_eq!(browser.value(asking), true);
    browser.value("document.getElementById('token').focus()");
    browser.type_text("not-the-token-of-it");
    browser.click_until(
        "document.querySelector('#ask button[type=submit]')",
        "document.getElementById('ask-what').textContent.startsWith('That token')",
    );
    browser.until(asking);
    assert_eq!(miner.asked(), []);
    assert_eq!(browser.value("sessionStorage.length"), 0);
    // The right one.
    browser.value("document.getElementById('token').focus()");
    browser.type_text(TOKEN);
    browser.click_until(
        "document.querySelector('#ask button[type=submit]')",
        "window.heard.some((text) => text.endsWith('Asked for.'))",
    );
    let device = || "serial:/dev/ttyUSB0".to_owned();
    assert_eq!(miner.asked(), [Control::DeviceOff { device: device() }]);
    // It is kept for the next one, in this tab and nowhere else.
    let on = button("Switch on: serial:/dev/ttyUSB0");
    browser.until(&format!("!{on}.hidden && {off}.hidden"));
    browser.click_until(&on, &format!("{on}.hidden"));
    browser.click_until(
        &button("Switch off: pool1"),
        &format!("!{}.hidden", button("Switch on: pool1")),
    );
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
    browser.listen();
    browser.click_until(&button("Try now: processor"), "document.getElementById('ask').open");
    browser.value("document.getElementById('token').focus()");
    browser.type_text(TOKEN);
    browser.click_until(
        "document.querySelector('#ask button[type=submit]')",
        "window.heard.some((text) => text.includes('without a token'))",
    );
    assert_eq!(miner.asked(), []);
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
    browser.value("document.getElementById('filter').value = ''");
    browser.type_text("ttyUSB25");
    assert_eq!(browser.value(seen), 7);
    assert_eq!(browser.complaints, [""; 0]);
}
