//! An HTML page with a waterfall of HAR entries, in one file without scripts.

use std::fmt::Write;

use serde_json::Value;

/// HAR's phases in order. `ssl` is the last part of `connect`, and drawn over it.
const PHASES: [&str; 6] = ["blocked", "dns", "connect", "send", "wait", "receive"];

const STYLE: &str = "
body { font: 14px/1.5 system-ui, sans-serif; margin: 2em; color: #222; background: #fff }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: 2px 10px 2px 0; vertical-align: top; border-bottom: 1px solid #ddd }
td.number { text-align: right; white-space: nowrap }
td.requests { width: 45% } td.waterfall { width: 40%; padding: 6px 0 }
.failed { color: #b3261e }
summary { cursor: pointer; overflow-wrap: anywhere }
pre { white-space: pre-wrap; margin: 4px 0 }
.lane { position: relative; height: 14px }
.lane i { position: absolute; height: 100%; min-width: 1px }
.blocked { background: #bbb } .dns { background: #00897b } .connect { background: #f57c00 } .ssl { background: #8e24aa }
.send { background: #3949ab } .wait { background: #7cb342 } .receive { background: #039be5 }
.legend i { display: inline-block; width: 12px; height: 12px; margin: 0 4px 0 14px }
";

/// One request as a row of the page.
struct Row<'a> {
    entry: &'a Value,
    /// Milliseconds since the start of the first request.
    start: f64,
    time: f64,
}

/// Makes a page from entries, one per line.
pub fn render(lines: &str) -> Result<String, String> {
    let entries: Vec<Value> = lines
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    let mut rows = entries.iter().map(row).collect::<Option<Vec<_>>>().ok_or("a line is not a HAR entry")?;
    rows.sort_by(|one, other| one.start.total_cmp(&other.start));
    let first = rows.first().map_or(0.0, |row| row.start);
    for row in &mut rows {
        row.start -= first;
    }
    let whole = rows.iter().map(|row| row.start + row.time).fold(1.0, f64::max);

    let mut html =
        format!("<!doctype html>\n<meta charset=\"utf-8\">\n<title>Requests</title>\n<style>{STYLE}</style>\n");
    match rows.len() {
        0 => html.push_str("<h1>There are no requests</h1>\n"),
        count => html.push_str(&format!("<h1>{count} requests in {whole:.0} ms</h1>\n")),
    }
    html.push_str("<p class=\"legend\">");
    for phase in PHASES.into_iter().chain(["ssl"]) {
        html.push_str(&format!("<i class=\"{phase}\"></i>{phase}"));
    }
    html.push_str("</p>\n<table>\n<tr><th>Request<th>Status<th>Bytes<th>ms<th>Waterfall\n");
    for row in &rows {
        write_row(&mut html, row, whole).map_err(|error| error.to_string())?;
    }
    html.push_str("</table>\n");
    Ok(html)
}

fn row(entry: &Value) -> Option<Row<'_>> {
    let start = milliseconds(entry["startedDateTime"].as_str()?)?;
    entry["request"]["url"].as_str()?;
    Some(Row { entry, start, time: entry["time"].as_f64()? })
}

fn write_row(html: &mut String, row: &Row<'_>, whole: f64) -> std::fmt::Result {
    let entry = row.entry;
    let error = entry["response"]["_error"].as_str();
    let class = if error.is_some() { " class=\"failed\"" } else { "" };
    let method = escaped(entry["request"]["method"].as_str().unwrap_or_default());
    let url = escaped(entry["request"]["url"].as_str().unwrap_or_default());
    write!(html, "<tr{class}><td class=\"requests\"><details><summary>{method} {url}</summary>")?;
    if let Some(error) = error {
        write!(html, "<p>{}</p>", escaped(error))?;
    }
    let details = serde_json::to_string_pretty(entry).unwrap_or_default();
    write!(html, "<pre>{}</pre></details>", escaped(&details))?;
    let status = match entry["response"]["status"].as_u64() {
        Some(0) | None => "–".to_owned(),
        Some(status) => status.to_string(),
    };
    let bytes = entry["response"]["content"]["size"].as_u64().unwrap_or(0);
    write!(html, "<td>{status}<td class=\"number\">{bytes}<td class=\"number\">{:.1}", row.time)?;
    write!(html, "<td class=\"waterfall\"><div class=\"lane\">")?;
    let mut begin = row.start;
    let mut bar = |phase: &str, begin: f64, length: f64| {
        let (left, width) = (begin / whole * 100.0, length / whole * 100.0);
        let title = format!("{phase} {length:.1} ms");
        write!(html, "<i class=\"{phase}\" style=\"left:{left:.3}%;width:{width:.3}%\" title=\"{title}\"></i>")
    };
    let length = |phase: &str| entry["timings"][phase].as_f64().unwrap_or(-1.0).max(0.0);
    for phase in PHASES {
        let phase_length = length(phase);
        if phase_length > 0.0 {
            bar(phase, begin, phase_length)?;
        }
        begin += phase_length;
        if phase == "connect" && length("ssl") > 0.0 {
            bar("ssl", begin - length("ssl"), length("ssl"))?;
        }
    }
    writeln!(html, "</div>")
}

/// The milliseconds since 1970 of `2026-11-28T09:05:07.123Z`.
fn milliseconds(date: &str) -> Option<f64> {
    let number = |from: usize, to: usize| date.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    // Days of the Gregorian calendar, with years that start in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 719_469;
    let seconds = days * 86_400 + number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    Some((seconds * 1000 + number(20, 23)?) as f64)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
