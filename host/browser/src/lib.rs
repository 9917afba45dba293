//! A real browser without a window, driven by its DevTools protocol: for tests of pages, so its helpers panic.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use base64::Engine;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket, client};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Tries of a click, and how long each has.
const CLICKS: u32 = 10;
const CLICK_MS: u32 = 3000;

/// What Debian and others call it; the first one has no window at all and is the smallest.
const PROGRAMS: [&str; 4] =
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

/// A browser with one page.
pub struct Browser {
    _group: Group,
    socket: WebSocket<TcpStream>,
    session: Option<String>,
    calls: u64,
    /// What the page did wrong: exceptions, refused scripts, failed loads.
    pub complaints: Vec<String>,
    /// What was loaded, from the page itself on.
    pub requests: Vec<String>,
    _profile: tempfile::TempDir,
}

fn program() -> PathBuf {
    if let Some(own) = std::env::var_os("GEMMINE_CHROMIUM").filter(|own| !own.is_empty()) {
        return own.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let places =
        PROGRAMS.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.into_iter().find(|place| place.is_file()).unwrap_or_else(|| {
        panic!(
            "no Chromium: none of {PROGRAMS:?} is in PATH; install Debian's chromium-headless-shell \
             and fonts-dejavu-core, or set GEMMINE_CHROMIUM to a Chromium or Chrome"
        )
    })
}

impl Browser {
    /// Starts it and opens a page.
    pub fn open(url: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new(program());
        command
            .args(["--headless", "--remote-debugging-port=0", "--disable-gpu", "--no-first-run"])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .args(["--disable-dev-shm-usage", "--force-color-profile=srgb"])
            // Nothing but this machine is looked for.
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // Its sandbox can't be made by root.
        if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
            command.arg("--no-sandbox");
        }
        let mut group = Group(command.spawn().unwrap());
        let address = devtools(&mut group.0);
        let place = address.strip_prefix("ws://").unwrap().split('/').next().unwrap();
        let stream = TcpStream::connect(place).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = client(&*address, stream).unwrap();
        let mut browser = Self {
            _group: group,
            socket,
            session: None,
            calls: 0,
            complaints: Vec::new(),
            requests: Vec::new(),
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let wanted = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", wanted);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser.call("Page.navigate", json!({ "url": url }));
        browser
    }

    /// A call of the protocol, and its answer.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let mut call = json!({ "id": self.calls, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            call["sessionId"] = session.as_str().into();
        }
        self.socket.send(Message::text(call.to_string())).unwrap();
        loop {
            let message = self.socket.read().unwrap_or_else(|error| {
                panic!(
                    "{error} while waiting for {call}; the page complained of {:?}",
                    self.complaints
                )
            });
            let Message::Text(text) = message else { continue };
            let mut heard: Value = serde_json::from_str(&text).unwrap();
            if heard["id"] == self.calls {
                assert!(heard.get("error").is_none(), "{call}: {}", heard["error"]);
                return heard["result"].take();
            }
            match heard["method"].as_str() {
                Some("Runtime.exceptionThrown") => {
                    self.complaints.push(heard["params"]["exceptionDetails"].to_string());
                }
                Some("Network.requestWillBeSent") => {
                    let url = heard["params"]["request"]["url"].as_str();
                    self.requests.extend(url.map(str::to_owned));
                }
                Some("Log.entryAdded") => {
                    self.complaints.push(heard["params"]["entry"]["text"].to_string());
                }
                _ => {}
            }
        }
    }

    /// What an expression of the page's is; waits for one that is promised.
    pub fn value(&mut self, expression: &str) -> Value {
        let parameters =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.call("Runtime.evaluate", parameters);
        let failed = &answer["exceptionDetails"];
        assert!(failed.is_null(), "{expression}: {failed}");
        answer["result"]["value"].take()
    }

    /// A text that an expression of the page's is.
    pub fn text(&mut self, expression: &str) -> String {
        self.value(expression).as_str().unwrap_or_else(|| panic!("no text: {expression}")).into()
    }

    /// Waits until a condition holds, and fails if it never does.
    pub fn until(&mut self, condition: &str) {
        let patience = PATIENCE.as_millis();
        self.value(&format!(
            "new Promise((done, fail) => {{ const end = Date.now() + {patience}; const look = () => \
             {{ if ({condition}) done(); else if (Date.now() > end) fail(new Error('never so')); \
             else setTimeout(look, 20); }}; look(); }})"
        ));
    }

    /// Writes down from now on what the page announces: the next thing may follow before anybody looks.
    pub fn listen(&mut self) {
        self.value(
            "(() => { window.heard = []; const announce = document.getElementById('announce'); \
             new MutationObserver(() => window.heard.push(announce.textContent)) \
             .observe(announce, { childList: true, characterData: true, subtree: true }); })()",
        );
    }

    /// Clicks the middle of an element, as a hand would.
    pub fn click(&mut self, element: &str) {
        let at = self.value(&format!(
            "(() => {{ const element = {element}; element.scrollIntoView({{ block: 'center' }}); \
             const box = element.getBoundingClientRect(); \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({
                "type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1
            });
            self.call("Input.dispatchMouseEvent", event);
        }
    }

    /// Clicks until a condition holds, as a hand would again after a while: the page may have moved, or be busy with
    /// the click before.
    pub fn click_until(&mut self, element: &str, condition: &str) {
        for _ in 0..CLICKS {
            self.click(element);
            let seen = self.value(&format!(
                "new Promise((done) => {{ const end = Date.now() + {CLICK_MS}; const look = () => \
                 {{ if ({condition}) done(true); else if (Date.now() > end) done(false); \
                 else setTimeout(look, 20); }}; look(); }})"
            ));
            if seen == true {
                return;
            }
        }
        panic!("clicks on {element} do not bring about {condition}");
    }

    /// Types into what has the focus.
    pub fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Makes the window so large, and a phone's where it is narrow.
    pub fn resize(&mut self, width: u32, height: u32) {
        let mobile = width < 600;
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({
                "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile
            }),
        );
    }

    /// Whether the reader wants it dark.
    pub fn dark(&mut self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// The page as PDF, on A4.
    pub fn pdf(&mut self) -> Vec<u8> {
        let paper = json!({ "paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": true });
        decoded(&self.call("Page.printToPDF", paper)["data"])
    }

    /// Keeps a picture of the whole page in the folder that `GEMMINE_SCREENSHOTS` names, for whoever wants to look.
    pub fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("GEMMINE_SCREENSHOTS") else { return };
        let whole = json!({ "captureBeyondViewport": true });
        let picture = self.call("Page.captureScreenshot", whole);
        let bytes = decoded(&picture["data"]);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), bytes).unwrap();
    }
}

/// Decodes what the protocol has bytes in.
fn decoded(data: &Value) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(data.as_str().unwrap()).unwrap()
}

/// The browser's processes: what Debian installs is a script that starts the browser, which starts others.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // They may have ended by themselves.
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        let _ = self.0.wait();
    }
}

/// Where it listens, which it says on its standard error.
fn devtools(child: &mut Child) -> String {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let (found, wanted) = mpsc::channel();
    // Reads on afterwards, so that a browser with much to say is not held up.
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some((_, address)) = line.split_once("DevTools listening on ") {
                // Whoever waited may have given up.
                let _ = found.send(address.trim().to_owned());
            }
        }
    });
    wanted.recv_timeout(PATIENCE).expect("Chromium did not say where it listens")
}
