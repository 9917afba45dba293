//! `gemmine emit`: a device's Verilog, for designs of one's own.

use anyhow::{Context, Result};
use gemmine_flow::build::sha256;
use serde_json::json;

use crate::args::{EmitArgs, LinkName};
use crate::display::grouped;
use crate::outcome::Outcome;
use crate::{files, print_line};

/// Runs the command.
pub fn run(args: &EmitArgs) -> Result<Outcome> {
    let doing = || format!("emit a {} device", args.geometry);
    let build = args.build().with_context(doing)?;
    let (link, emitted) = match args.link {
        LinkName::Memory => ("memory", gemmine_devices::memory::verilog(args.geometry, build)),
        LinkName::Serial => ("serial", gemmine_devices::verilog(args.geometry, build)),
    };
    let emitted = emitted.with_context(doing)?;
    files::replace(&args.output, emitted.verilog.as_bytes())?;
    let file = args.output.display();
    let bytes = emitted.verilog.len();
    let text = if args.json {
        json!({
            "file": args.output,
            "top": emitted.top,
            "link": link,
            "geometry": args.geometry.to_string(),
            "clock_hz": args.clock,
            "build": format!("{:08x}", emitted.build),
            "bytes": bytes,
            "sha256": sha256(emitted.verilog.as_bytes()),
            "exit": Outcome::Yes.code(),
        })
        .to_string()
    } else {
        format!(
            "{file}: module {}, BUILD {:08x}, {} bytes",
            emitted.top,
            emitted.build,
            grouped(bytes as u64)
        )
    };
    print_line(&text)?;
    Ok(Outcome::Yes)
}
