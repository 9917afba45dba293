//! The roofline as a picture: what an array could do at each rate of its link, and what devices did.

use std::path::Path;

use plotters::prelude::*;

use super::{RESIDENT, Row};

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Draws rows into an SVG file: lines for what `macs_per_byte` of the memory link's rows allow, up to the array's limit;
/// points for what each row did.
///
/// # Errors
/// If the file can't be written, or there is nothing to draw.
pub fn draw(path: &Path, rows: &[Row], pes: u32, bus_gb_per_s: f64) -> Drawn {
    let memory = |row: &&Row| row.link == "memory" && !row.products && row.engine == "model";
    let first = rows.iter().find(memory).ok_or("no row of the memory link to draw")?;
    let limit = f64::from(first.clock_hz) * f64::from(pes) / 1e9;
    let root = SVGBackend::new(path, (900, 560)).into_drawing_area();
    root.fill(&WHITE)?;
    let title = format!(
        "{} at {} MHz, k = {}: what the link leaves of the array",
        first.array,
        first.clock_hz / 1_000_000,
        first.steps
    );
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d((1e-4..2.0f64).log_scale(), (1e-3..100.0f64).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("link, GB/s (both ways)")
        .y_desc("useful work, GMAC/s")
        .light_line_style(BLACK.mix(0.06))
        .draw()?;
    let colours =
        [RGBColor(0xb0, 0x3a, 0x2e), RGBColor(0x1f, 0x61, 0x8d), RGBColor(0x1e, 0x84, 0x49)];
    for (resident, colour) in RESIDENT.into_iter().zip(colours) {
        let Some(row) = rows.iter().filter(memory).find(|row| row.resident == resident) else {
            continue;
        };
        let intensity = row.macs_per_byte;
        let line = (0..=400).map(|n| {
            let link = 1e-4 * 2e4f64.powf(f64::from(n) / 400.0);
            (link, (intensity * link).min(limit))
        });
        let label = format!("{resident} resident, {intensity:.1} MAC/byte");
        chart
            .draw_series(LineSeries::new(line, colour.stroke_width(2)))?
            .label(label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        let of = rows.iter().filter(|row| row.resident == resident && !row.products);
        let points: Vec<(f64, f64)> = of.map(|row| (row.link_gb_per_s, row.gmac_per_s)).collect();
        chart.draw_series(points.into_iter().map(|at| Circle::new(at, 4, colour.filled())))?;
    }
    let upright = |at: f64| [(at, 1e-3), (at, 100.0)];
    for (at, name) in [(bus_gb_per_s, "the bus: 4 bytes a cycle"), (0.0012, "serial, 12 Mbaud")] {
        chart.draw_series(std::iter::once(PathElement::new(upright(at), BLACK.mix(0.4))))?;
        let style = ("sans-serif", 13).into_font().color(&BLACK.mix(0.7));
        chart.draw_series(std::iter::once(Text::new(name, (at * 0.93, 70.0), style.pos(END))))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.9))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    root.present()?;
    Ok(())
}

/// Text that ends where it is put.
const END: plotters::style::text_anchor::Pos = plotters::style::text_anchor::Pos {
    h_pos: plotters::style::text_anchor::HPos::Right,
    v_pos: plotters::style::text_anchor::VPos::Top,
};
