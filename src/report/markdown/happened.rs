//! What happened: the worst incidents in full, further ones as a table.

use super::text::{clock, code, entity, level, many, names, period, prose, size};
use super::{Page, Room};
use crate::report::{Finding, Incident, Names, Report};

/// Steps of an incident.
const STEPS: usize = 8;
/// Names of one kind.
const NAMES: usize = 4;
/// Digits of an incident's id, which tell it from all others of a report.
const ID: usize = 8;

/// All of it.
pub(super) fn incidents(page: &mut Page, report: &Report) {
    if report.incidents.is_empty() && report.others.is_empty() {
        return;
    }
    let Room {
        full: most,
        lines,
        rows,
        ..
    } = page.room;
    page.heading(2, "What happened");
    for (place, incident) in report.incidents.iter().take(most).enumerate() {
        full(page, place + 1, incident);
    }
    let further = report.incidents.iter().skip(most).take(lines);
    let further: Vec<_> = further.map(line).collect();
    if !further.is_empty() {
        page.heading(3, "Further incidents");
    }
    let told = report.incidents.len().min(most + lines);
    page.table(["level", "who", "when (UTC)", "alerts", "rules"], further);
    page.rest(told, report.verdict.incidents, "incident");
    if !report.others.is_empty() {
        page.heading(3, "Alerts about nobody in particular");
        page.items(report.others.iter().take(rows).map(other));
        let all = report.others.len() as u64 + report.others_left_out;
        page.rest(rows, all, "alert");
    }
}

fn full(page: &mut Page, place: usize, incident: &Incident) {
    page.heading(
        3,
        format_args!(
            "{place}. {}: {}",
            capital(incident.level.as_str()),
            entity(&incident.entity)
        ),
    );
    let id = incident.id.get(..ID).unwrap_or(&incident.id);
    let continues = match incident.continues {
        Some(_) => ", goes on from the day before",
        None => "",
    };
    page.paragraph(format_args!(
        "{} UTC, {}, incident {}{continues}.",
        period(incident.first, incident.last),
        many(incident.alerts, "alert"),
        code(id),
    ));
    page.items(incident.story.iter().take(STEPS).map(|step| {
        format!(
            "{} {}, {}: {}",
            clock(step.first),
            level(step.level),
            many(step.alerts, "alert"),
            prose(&step.summary)
        )
    }));
    page.rest(STEPS, incident.story.len() as u64, "rule");
    let kinds: [(&str, &Names); 5] = [
        ("In", &incident.buckets),
        ("From", &incident.addresses),
        ("Networks", &incident.networks),
        ("As", &incident.principals),
        ("Objects", &incident.objects),
    ];
    let kinds = kinds.iter().filter(|(_, few)| !few.names.is_empty());
    let mut told: Vec<_> = kinds
        .map(|(word, few)| format!("{word}: {}", names(few, NAMES)))
        .collect();
    told.extend(
        incident
            .bytes
            .map(|bytes| format!("At least {} went out", size(bytes))),
    );
    told.extend(incident.places.iter().take(NAMES).map(|place| {
        let parts = [
            place.country.clone(),
            place.asn.map(|asn| format!("AS{asn}")),
            place.owner.clone(),
            place
                .service
                .as_ref()
                .map(|service| format!("AWS {service}")),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        format!("{} is in {}", code(&place.address), code(&parts.join(", ")))
    }));
    if !told.is_empty() {
        page.items(told);
    }
}

fn line(incident: &Incident) -> [String; 5] {
    let rules = incident.story.iter().take(NAMES);
    let rules: Vec<_> = rules.map(|step| code(&step.rule)).collect();
    [
        level(incident.level),
        entity(&incident.entity),
        period(incident.first, incident.last),
        incident.alerts.to_string(),
        rules.join(", "),
    ]
}

fn other(finding: &Finding) -> String {
    format!(
        "{} {} {}: {}",
        clock(finding.time),
        level(finding.level),
        code(&finding.rule),
        prose(&finding.summary)
    )
}

fn capital(word: &str) -> String {
    let mut word = word.to_owned();
    if let Some(first) = word.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    word
}
