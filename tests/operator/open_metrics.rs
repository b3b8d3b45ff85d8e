//! A strict reader of OpenMetrics 1.0 text, as far as the program writes it: what it does not know is an error.
//!
//! Source of the rules: <https://prometheus.io/docs/specs/om/open_metrics_spec/>, "Text Format" and "Metric Types".

use std::collections::BTreeMap;

/// Samples by their whole name with labels.
pub(crate) type Samples = BTreeMap<String, f64>;

struct Family {
    name: String,
    kind: String,
    unit: Option<String>,
}

/// Reads a text, or says what is wrong with it.
pub(crate) fn read(text: &str) -> Result<Samples, String> {
    let body = text.strip_suffix("# EOF\n").ok_or("it does not end with its mark")?;
    let mut families: Vec<Family> = Vec::new();
    let mut samples = Samples::new();
    for line in body.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            describe(comment, &mut families)?;
        } else {
            let family = families.last().ok_or("a sample without a family")?;
            let (name, value) = sample(line, family)?;
            if samples.insert(name, value).is_some() {
                return Err(format!("twice: {line}"));
            }
        }
    }
    for family in &families {
        complete(family, &samples)?;
    }
    Ok(samples)
}

fn describe(comment: &str, families: &mut Vec<Family>) -> Result<(), String> {
    let mut words = comment.splitn(3, ' ');
    let (Some(what), Some(name), Some(rest)) = (words.next(), words.next(), words.next()) else {
        return Err(format!("not a description: {comment}"));
    };
    if families.last().is_none_or(|family| family.name != name) {
        if families.iter().any(|family| family.name == name) {
            return Err(format!("{name} is in two places"));
        }
        families.push(Family {
            name: name.to_owned(),
            kind: String::new(),
            unit: None,
        });
    }
    let family = families.last_mut().ok_or("no family")?;
    match what {
        "HELP" => {}
        "TYPE" if ["counter", "gauge", "histogram", "info"].contains(&rest) => rest.clone_into(&mut family.kind),
        "UNIT" if name.ends_with(&format!("_{rest}")) => family.unit = Some(rest.to_owned()),
        _ => return Err(format!("not allowed: {comment}")),
    }
    Ok(())
}

fn sample(line: &str, family: &Family) -> Result<(String, f64), String> {
    let wrong = |what: &str| format!("{what}: {line}");
    let (name, value) = line.rsplit_once(' ').ok_or_else(|| wrong("no value"))?;
    let value: f64 = value.parse().map_err(|_| wrong("not a number"))?;
    let bare = name.split('{').next().unwrap_or_default();
    let end = bare
        .strip_prefix(family.name.as_str())
        .ok_or_else(|| wrong("of another family"))?;
    let ends: &[&str] = match family.kind.as_str() {
        "counter" => &["_total"],
        "gauge" => &[""],
        "info" => &["_info"],
        "histogram" => &["_bucket", "_count", "_sum"],
        _ => return Err(wrong("of no type")),
    };
    if !ends.contains(&end) {
        return Err(wrong("not an end of this type's names"));
    }
    if family.kind != "gauge" && (value.is_nan() || value < 0.0) || family.kind == "info" && (value - 1.0).abs() > 0.0 {
        return Err(wrong("not a value of this type"));
    }
    if let Some(labels) = name.strip_prefix(bare).filter(|labels| !labels.is_empty()) {
        let inside = labels.strip_prefix('{').and_then(|labels| labels.strip_suffix('}'));
        for label in inside.ok_or_else(|| wrong("labels"))?.split(',') {
            let (key, value) = label.split_once('=').ok_or_else(|| wrong("a label"))?;
            let plain = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
            if !plain || !quoted || value.contains(['\\', '\n']) {
                return Err(wrong("a label"));
            }
        }
    }
    Ok((name.to_owned(), value))
}

fn complete(family: &Family, samples: &Samples) -> Result<(), String> {
    let name = &family.name;
    if ["seconds", "bytes"].iter().any(|unit| name.ends_with(unit)) && family.unit.is_none() {
        return Err(format!("{name} does not declare its unit"));
    }
    if family.kind != "histogram" {
        return Ok(());
    }
    let get = |name: String| samples.get(&name).copied().ok_or(format!("there is no {name}"));
    let mut buckets: Vec<(f64, f64)> = Vec::new();
    for (sample, count) in samples {
        if let Some(bound) = sample.strip_prefix(&format!("{name}_bucket{{le=\"")) {
            let bound = bound
                .trim_end_matches("\"}")
                .parse()
                .map_err(|_| format!("a bound: {sample}"))?;
            buckets.push((bound, *count));
        }
    }
    buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
    if !buckets.is_sorted_by(|one, other| one.1 <= other.1) {
        return Err(format!("{name} is not cumulative"));
    }
    let all = buckets.last().filter(|(bound, _)| bound.is_infinite());
    if all.map(|(_, count)| *count) != Some(get(format!("{name}_count"))?) {
        return Err(format!("{name} does not count all of itself"));
    }
    get(format!("{name}_sum")).map(|_| ())
}
