//! The web page's files. They need nothing from anywhere else.

/// A file as it is served.
pub(super) struct File {
    pub path: &'static str,
    pub kind: &'static str,
    pub text: &'static str,
}

/// All of them.
pub(super) const FILES: &[File] = &[
    File { path: "/", kind: HTML, text: include_str!("page/index.html") },
    File { path: "/page/style.css", kind: CSS, text: include_str!("page/style.css") },
    File { path: "/page/icon.svg", kind: "image/svg+xml", text: include_str!("page/icon.svg") },
    File { path: "/page/page.js", kind: SCRIPT, text: include_str!("page/page.js") },
    File { path: "/page/charts.js", kind: SCRIPT, text: include_str!("page/charts.js") },
    File { path: "/page/control.js", kind: SCRIPT, text: include_str!("page/control.js") },
    File { path: "/page/format.js", kind: SCRIPT, text: include_str!("page/format.js") },
    File { path: "/page/series.js", kind: SCRIPT, text: include_str!("page/series.js") },
    File { path: "/page/tables.js", kind: SCRIPT, text: include_str!("page/tables.js") },
];

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
