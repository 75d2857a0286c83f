//! How a file changes: each way is one swap.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::time::Duration;

use skidway_test_support::agent::Signal;
use skidway_test_support::eventually;

use super::variants::{deploy, renaming, ubuntu, version};
use super::{Flow, Swapping};
use crate::rig::{PATIENCE, Rig, component};

#[test]
fn replaced_at_once() {
    let swapping = Swapping::start(&ubuntu(), "");
    deploy(&swapping.parser, &renaming());
    swapping.wait_until_last_has("Unit");
    swapping.wait_for_swaps(1);
    let records = swapping.end();
    let switch = records.iter().position(|record| record.attr("Unit").is_some()).unwrap();
    assert!(records[..switch].iter().all(|record| record.attr("unit") == Some("job")));
    assert!(records[switch..].iter().all(|record| record.attr("Unit") == Some("job")));
}

#[test]
fn written_in_place_in_two_halves() {
    let swapping = Swapping::start(&ubuntu(), "");
    let new = renaming();
    let (first, second) = new.split_at(new.len() / 2);
    let mut file = OpenOptions::new().write(true).truncate(true).open(&swapping.parser).unwrap();
    file.write_all(first).unwrap();
    // Long enough for the half to be looked at.
    let said = eventually(Duration::from_secs(1), || !swapping.rig.said("is not used").is_empty());
    assert!(!said, "{:?}", swapping.rig.said("is not used"));
    file.write_all(second).unwrap();
    swapping.wait_until_last_has("Unit");
    swapping.wait_for_swaps(1);
    swapping.end();
}

#[test]
fn saved_by_an_editor() {
    let swapping = Swapping::start(&ubuntu(), "");
    let folder = swapping.parser.parent().unwrap();
    fs::write(folder.join(".mine.wasm.swp"), "swap file").unwrap();
    fs::rename(&swapping.parser, folder.join("mine.wasm~")).unwrap();
    fs::write(folder.join("4913"), renaming()).unwrap();
    fs::rename(folder.join("4913"), &swapping.parser).unwrap();
    fs::remove_file(folder.join(".mine.wasm.swp")).unwrap();
    swapping.wait_until_last_has("Unit");
    swapping.wait_for_swaps(1);
    swapping.end();
}

#[test]
fn switched_by_a_link_as_in_kubernetes() {
    let mut swapping = Swapping::prepare(&ubuntu(), "");
    let folder = swapping.parser.parent().unwrap().to_owned();
    for (name, bytes) in [("..v1", ubuntu()), ("..v2", renaming())] {
        fs::create_dir(folder.join(name)).unwrap();
        fs::write(folder.join(name).join("mine.wasm"), bytes).unwrap();
    }
    symlink("..v1", folder.join("..data")).unwrap();
    fs::remove_file(&swapping.parser).unwrap();
    symlink("..data/mine.wasm", &swapping.parser).unwrap();
    swapping.run();
    symlink("..v2", folder.join("..data_tmp")).unwrap();
    fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
    fs::remove_dir_all(folder.join("..v1")).unwrap();
    swapping.wait_until_last_has("Unit");
    swapping.wait_for_swaps(1);
    swapping.end();
}

#[test]
fn many_times_in_a_row() {
    let swapping = Swapping::start(&ubuntu(), "");
    for number in 0..50 {
        deploy(&swapping.parser, &version(&ubuntu(), number));
    }
    deploy(&swapping.parser, &renaming());
    swapping.wait_until_last_has("Unit");
    let swaps = swapping.swaps();
    assert!((1..10).contains(&swaps), "{swaps} swaps: it does not wait for quiet");
    swapping.end();
}

#[test]
fn again_and_again() {
    let swapping = Swapping::start(&ubuntu(), "");
    for number in 0..5 {
        deploy(&swapping.parser, &version(&ubuntu(), number));
        swapping.wait_for_swaps(usize::from(number) + 1);
        swapping.wait_for_more();
    }
    swapping.end();
}

#[test]
fn touched_and_nothing_else() {
    let swapping = Swapping::start(&ubuntu(), "");
    deploy(&swapping.parser, &ubuntu());
    let swapped = eventually(Duration::from_secs(1), || swapping.swaps() > 0);
    assert!(!swapped, "the content is the same");
    deploy(&swapping.parser, &version(&ubuntu(), 1));
    swapping.wait_for_swaps(1);
    swapping.end();
}

#[test]
fn gone_and_back() {
    let mut swapping = Swapping::start(&ubuntu(), "");
    fs::remove_file(&swapping.parser).unwrap();
    let said = swapping.rig.wait_for_log("the file is gone");
    assert!(said.contains("WARN"), "{said}");
    swapping.wait_for_more();
    deploy(&swapping.parser, &renaming());
    swapping.wait_until_last_has("Unit");
    swapping.wait_for_swaps(1);
    swapping.end();
}

#[test]
fn an_enricher() {
    let mut rig = Rig::new();
    let enricher = rig.folder().join("enricher.wasm");
    deploy(&enricher, &fs::read(component("severity")).unwrap());
    rig.config(&format!("processors: {{wasm/severity: {{component: {}}}}}", enricher.display()));
    let mut swapping = Swapping { rig, parser: enricher, flow: None };
    swapping.run();
    // Both infer a severity; this one writes it in lower case.
    deploy(&swapping.parser, &fs::read(component("clickstack")).unwrap());
    swapping.wait_for("severity in lower case", |records| {
        records.last().is_some_and(|record| record.severity_text == "info")
    });
    swapping.wait_for_swaps(1);
    let records = swapping.end();
    assert!(records.iter().all(|record| ["INFO", "info"].contains(&record.severity_text.as_str())));
}

#[test]
fn all_uses_of_a_file_in_all_pipelines() {
    let mut rig = Rig::new();
    let parser = rig.folder().join("mine.wasm");
    deploy(&parser, &ubuntu());
    rig.config(&format!(
        "receivers:
  filelog: {{parser: {path}}}
  filelog/limited:
    include: ['${{env:LOGS}}/*']
    start_at: beginning
    parser: {{component: {path}, limits: {{memory: 32MiB}}}}
service: {{pipelines: {{logs: {{receivers: [filelog, filelog/limited]}}}}}}",
        path = parser.display()
    ));
    rig.start();
    let flow = Flow::start(&rig);
    deploy(&parser, &renaming());
    // Other limits, another use; both receivers read the same file.
    assert!(eventually(PATIENCE, || rig.said("\"component is exchanged\"").len() == 2));
    let count = flow.end();
    let records = rig.records(2 * count);
    assert_eq!(records.len(), 2 * count);
    let last = ubuntu_line(count - 1);
    let both: Vec<_> = records.iter().filter(|record| record.body == last).collect();
    assert!(both.len() == 2 && both.iter().all(|record| record.attr("Unit").is_some()), "{both:?}");
    rig.stop();
}

fn ubuntu_line(number: usize) -> String {
    crate::lines::ubuntu(number..number + 1).trim_end().to_owned()
}

#[test]
fn a_signal_has_it_said_how_components_stand() {
    let mut swapping = Swapping::start(&ubuntu(), "");
    deploy(&swapping.parser, &renaming());
    swapping.wait_for_swaps(1);
    let exchanged = swapping.rig.said("\"component is exchanged\"").remove(0);
    let exchanged: serde_json::Value = serde_json::from_str(&exchanged).unwrap();
    swapping.rig.agent().signal(Signal::USR1).unwrap();
    let said = swapping.rig.wait_for_log("\"message\":\"component\",\"component\":\"mine\"");
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["digest"], &said["state"]), (&exchanged["new"], &"running".into()));
    swapping.end();
}
