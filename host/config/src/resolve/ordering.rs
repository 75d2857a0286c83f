//! The order of a receiver's files.
//!
//! Layouts are not looked into: who reads the times says what is wrong with them.

use crate::files::{Ordering, SortBy, SortType};
use crate::values::Pattern;
use crate::written;

use super::Check;

pub(super) fn resolve(
    written: Option<written::OrderingCriteria>,
    known_zone: &dyn Fn(&str) -> bool,
    check: &mut Check<'_>,
) -> Option<Ordering> {
    let written = written?;
    let rules = written.sort_by.unwrap_or_default();
    if rules.is_empty() {
        let at = check.place("ordering_criteria");
        let hint = "give at least one rule: `sort_by: [{sort_type: mtime}]`";
        check.wrong(&at, "ordering_criteria", "lacks `sort_by`", hint);
        return None;
    }
    // The collector's default, and what it takes zero for.
    let top_n = written.top_n.filter(|top_n| *top_n > 0).unwrap_or(1);
    if written.top_n.is_none() {
        let hint = "write `top_n: 1` if that is meant, otherwise how many to follow";
        check.warn("ordering_criteria", "without `top_n` only the first file of the order is followed", hint);
    }
    let regex = written.regex.filter(|pattern| !pattern.regex().as_str().is_empty());
    let group_by = written.group_by.filter(|pattern| !pattern.regex().as_str().is_empty());
    if group_by.as_ref().is_some_and(|pattern| pattern.regex().captures_len() < 2) {
        let at = check.place("ordering_criteria.group_by");
        let hint = "put the part that names the group of files into `(...)`";
        check.wrong(&at, "ordering_criteria.group_by", "it has no group", hint);
    }
    let rules = rules.into_iter().enumerate();
    let sort_by =
        rules.filter_map(|(index, rule)| self::rule(index, rule, regex.as_ref(), known_zone, check));
    let sort_by = sort_by.collect();
    let text = |pattern: Pattern| pattern.regex().as_str().to_owned();
    Some(Ordering { regex: regex.map(text), group_by: group_by.map(text), top_n, sort_by })
}

/// `None` after having reported that the rule cannot be carried out.
fn rule(
    index: usize,
    written: written::SortBy,
    regex: Option<&Pattern>,
    known_zone: &dyn Fn(&str) -> bool,
    check: &mut Check<'_>,
) -> Option<SortBy> {
    let good_before = std::mem::replace(&mut check.good, true);
    let mut wrong = |option: &str, what: &str, hint: &str| {
        let path = format!("ordering_criteria.sort_by[{index}]");
        let option = if option.is_empty() { path } else { format!("{path}.{option}") };
        let at = check.place_of(&option);
        check.wrong(&at, &option, what, hint);
    };
    let Some(sort_type) = written.sort_type else {
        wrong("", "lacks `sort_type`", "`numeric`, `alphabetical`, `timestamp` or `mtime`");
        return None;
    };
    let regex_key = written.regex_key.unwrap_or_default();
    let layout = written.layout.unwrap_or_default();
    let location = written.location.unwrap_or_default();
    match (sort_type, regex) {
        (SortType::Mtime, _) if regex_key.is_empty() => {}
        (SortType::Mtime, _) => wrong("regex_key", "`mtime` looks at no name", "leave it out"),
        (_, None) => {
            let hint =
                "write a pattern for the path under `ordering_criteria.regex`, with a group for each rule";
            wrong("", "there is no `regex`", hint);
        }
        (_, Some(_)) if regex_key.is_empty() => {
            wrong("", "lacks `regex_key`", "name a group of `regex`: `(?P<name>...)`");
        }
        (_, Some(pattern)) => {
            if !pattern.regex().capture_names().flatten().any(|name| name == regex_key) {
                let what = format!("`regex` has no group `{regex_key}`");
                wrong("regex_key", &what, &format!("write one as `(?P<{regex_key}>...)`"));
            }
        }
    }
    if sort_type == SortType::Timestamp {
        if layout.is_empty() {
            wrong("", "lacks `layout`", "say how the time is written: `layout: '%Y%m%d'`");
        }
        if !location.is_empty() && !known_zone(&location) {
            let what = format!("there is no time zone `{location}`");
            wrong("location", &what, "`UTC`, or a name such as `Europe/Berlin`");
        }
    } else {
        for (option, text) in [("layout", &layout), ("location", &location)] {
            if !text.is_empty() {
                wrong(option, "goes with `sort_type: timestamp`", "leave it out");
            }
        }
    }
    let good = std::mem::replace(&mut check.good, good_before);
    check.good &= good;
    good.then_some(SortBy {
        sort_type,
        regex_key,
        ascending: written.ascending.unwrap_or(false),
        layout,
        location,
    })
}
