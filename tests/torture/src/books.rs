//! The agent's books: its last word, which must balance.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Finds the books in the log of an agent that was stopped, and adds them up.
pub(crate) fn check(log: &[String]) -> Result<()> {
    let said = log.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut said = said.filter(|line| line["message"] == "books");
    let books = said.next_back().context("it closed no books")?;
    let number =
        |name: &str| books[name].as_u64().with_context(|| format!("its books have no `{name}`: {books}"));
    let mut made = number("records_delivered")?;
    let others = ["records_dead_lettered", "records_spooled", "records_dropped", "in_flight", "lines_joined"];
    for name in others.into_iter().chain(["lines_skipped"]) {
        made += number(name)?;
    }
    let read = number("lines_read")? + number("records_extra")?;
    ensure!(made == read, "its books do not balance, {made} is not {read}: {books}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn every_sum_is_checked() {
        let books = |read: u32| {
            format!(
                r#"{{"message":"books","lines_read":{read},"records_extra":1,"records_delivered":6,"lines_joined":2,
                "lines_skipped":2,"records_dropped":1,"records_dead_lettered":0,"records_spooled":0,"in_flight":0}}"#
            )
        };
        check(&["no JSON".to_owned(), books(10)]).unwrap();
        assert!(check(&[books(11)]).is_err());
        assert!(check(&["{}".to_owned()]).is_err());
    }
}
