//! A report as a page, as text, as JSON.

use minijinja::{AutoEscape, Environment, context};

use super::{Report, ReportError};

const PAGE: &str = include_str!("templates/report.html");
const STYLE: &str = include_str!("templates/style.css");
const TEXT: &str = include_str!("templates/report.md");

fn render(
    name: &'static str,
    template: &'static str,
    report: &Report,
) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
        true => AutoEscape::Html,
        false => AutoEscape::None,
    });
    // A cell of a Markdown table ends at a bar.
    environment.add_filter("bar", |text: String| text.replace('|', "\\|").replace('\n', " "));
    let wrong = |error: minijinja::Error| ReportError::Template(format!("{error:#}"));
    environment.add_template(name, template).map_err(wrong)?;
    let template = environment.get_template(name).map_err(wrong)?;
    template.render(context! { report, style => STYLE }).map_err(wrong)
}

/// The report as one HTML file that needs nothing else.
///
/// # Errors
/// If a template is wrong.
pub fn html(report: &Report) -> Result<String, ReportError> {
    render("report.html", PAGE, report)
}

/// The report as Markdown, without charts.
///
/// # Errors
/// If a template is wrong.
pub fn markdown(report: &Report) -> Result<String, ReportError> {
    render("report.md", TEXT, report)
}

/// The report as JSON, without charts.
pub fn json(report: &Report) -> String {
    let mut report = report.clone();
    report.charts.clear();
    // Of plain data: it can't fail.
    format!("{:#}\n", serde_json::to_value(&report).unwrap_or_default())
}
