//! `gemmine selftest`: does a device do what the rule says? One page of results.

mod checks;
mod vectors;

use anyhow::Result;
use serde_json::{Value, json};

use crate::args::SelftestArgs;
use crate::display::spinner;
use crate::outcome::Outcome;
use crate::{device, print_line};
use checks::Check;

/// Runs the command.
pub fn run(args: &SelftestArgs) -> Result<Outcome> {
    let mut device = device::open(&args.device, args.json)?;
    let spinner = spinner(args.json);
    let checks = checks::run(device.as_mut(), |name| {
        spinner.set_message(format!("checking device {}: {name}", args.device.device));
    });
    spinner.finish_and_clear();
    let failed = checks.iter().filter(|check| matches!(check.found, Some(Err(_)))).count();
    let outcome = if failed > 0 { Outcome::No } else { Outcome::Yes };
    let identity = device.identity();
    if args.json {
        let mut object = json!({
            "device": identity.name,
            "device_description": identity.description,
            "geometry": identity.array(),
            "engines": identity.engines,
            "noise": identity.noise,
            "build": format!("{:08x}", identity.build),
            "checks": checks.iter().map(to_json).collect::<Vec<Value>>(),
            "exit": outcome.code(),
        });
        if failed > 0 {
            object["error"] = format!("{failed} checks failed").into();
        }
        print_line(&object.to_string())?;
        return Ok(outcome);
    }
    let mut lines = vec![format!("device {}: {}", identity.name, identity.description)];
    lines.extend(checks.iter().map(to_text));
    lines.push(match failed {
        0 => "every check passed".to_owned(),
        failed => format!("FAILED: {failed} of {} checks", checks.len()),
    });
    print_line(&lines.join("\n"))?;
    Ok(outcome)
}

fn to_text(check: &Check) -> String {
    let (verdict, detail) = match &check.found {
        Some(Ok(detail)) => ("pass", detail.as_str()),
        Some(Err(why)) => ("FAIL", why.as_str()),
        None => ("none", "a device in this process has none"),
    };
    format!("{verdict}  {:<20} {detail}", check.name)
}

fn to_json(check: &Check) -> Value {
    let (passed, detail) = match &check.found {
        Some(Ok(detail)) => (Some(true), Some(detail)),
        Some(Err(why)) => (Some(false), Some(why)),
        None => (None, None),
    };
    json!({ "name": check.name, "passed": passed, "detail": detail })
}
