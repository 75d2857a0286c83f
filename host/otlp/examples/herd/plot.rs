//! Requests a second over time, one panel a case.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use crate::{BACK, CAPACITY, GONE};

/// One case.
pub(crate) struct Panel<'n> {
    /// What the gateway does.
    pub(crate) title: &'n str,
    /// Requests in each second, by policy.
    pub(crate) lines: Vec<(&'n str, Vec<u32>)>,
}

const SIZE: (u32, u32) = (1_000, 1_050);
/// When everything is calm again in all cases.
const UNTIL: usize = BACK as usize + 200;
const COLOURS: [RGBColor; 4] =
    [RGBColor(214, 96, 77), RGBColor(240, 170, 60), RGBColor(120, 170, 120), RGBColor(30, 90, 180)];

/// Writes the picture.
pub(crate) fn draw(path: &Path, panels: &[Panel<'_>]) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    for (panel, area) in panels.iter().zip(area.split_evenly((panels.len(), 1))) {
        let shown = panel.lines.iter().flat_map(|(_, line)| line.iter().take(UNTIL));
        let highest = shown.max().copied().unwrap_or_default().max(2 * CAPACITY);
        let mut chart = ChartBuilder::on(&area)
            .caption(panel.title, ("sans-serif", 17))
            .margin(10)
            .x_label_area_size(36)
            .y_label_area_size(64)
            .build_cartesian_2d(-(GONE as i64)..(UNTIL as i64 - GONE as i64), 0..highest + highest / 10)?;
        chart
            .configure_mesh()
            .x_desc("seconds since it went away")
            .y_desc("requests a second")
            .light_line_style(TRANSPARENT)
            .x_labels(12)
            .draw()?;
        let back = BACK as i64 - GONE as i64;
        let away = [(0, 0), (back, highest + highest / 10)];
        chart.draw_series([Rectangle::new(away, BLACK.mix(0.06).filled())])?;
        for ((name, line), colour) in panel.lines.iter().zip(COLOURS) {
            let points = line.iter().take(UNTIL).enumerate();
            let points = points.map(|(second, count)| (second as i64 - GONE as i64, *count));
            chart
                .draw_series(LineSeries::new(points, colour.stroke_width(1)))?
                .label(*name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(3)));
        }
        let limit = [(-(GONE as i64), CAPACITY), (UNTIL as i64 - GONE as i64, CAPACITY)];
        chart
            .draw_series(DashedLineSeries::new(limit, 6, 4, BLACK.stroke_width(1)))?
            .label("what it can answer")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], BLACK.stroke_width(1)));
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperMiddle)
            .background_style(WHITE.mix(0.9))
            .border_style(BLACK.mix(0.3))
            .draw()?;
    }
    area.present()?;
    Ok(())
}
