//! The components folder: what lies there takes the place of what is bundled, or is one more.

use std::fs;
use std::path::{Path, PathBuf};

use skidway_test_support::eventually;
use skidway_test_support::sink::Record;

use super::variants::{deploy, renaming, ubuntu, version};
use super::{Flow, Swapping};
use crate::command::check;
use crate::rig::{PATIENCE, Rig, component};

/// An agent with `parser: auto` and a folder for components, which need not exist.
fn rig(folder: &str) -> (Rig, PathBuf) {
    let mut rig = Rig::new();
    let folder = rig.folder().join(folder);
    rig.config(&format!("components: {{directory: {}}}", folder.display()));
    (rig, folder)
}

fn swapping(rig: Rig, parser: PathBuf) -> Swapping {
    let mut swapping = Swapping { rig, parser, flow: None };
    swapping.run();
    swapping
}

#[test]
fn a_file_takes_the_place_of_the_bundled_one_until_it_is_gone() {
    let (rig, folder) = rig("processors");
    let mut swapping = swapping(rig, folder.join("ubuntu.wasm"));
    // The folder itself is new.
    fs::create_dir(&folder).unwrap();
    deploy(&swapping.parser, &renaming());
    swapping.wait_until_last_has("Unit");
    fs::remove_file(&swapping.parser).unwrap();
    swapping.rig.wait_for_log("the bundled component runs again");
    swapping.wait_until_last_has("unit");
    fs::remove_dir(&folder).unwrap();
    swapping.wait_for_more();
    let records = swapping.end();
    assert!(records.iter().all(|r| r.attr("unit").is_some() != r.attr("Unit").is_some()));
}

#[test]
fn what_is_there_at_the_start_is_used_from_the_first_line() {
    let (rig, folder) = rig("processors");
    fs::create_dir(&folder).unwrap();
    deploy(&folder.join("ubuntu.wasm"), &renaming());
    let records = swapping(rig, folder.join("ubuntu.wasm")).end();
    assert!(records.iter().all(|record| record.attr("Unit") == Some("job")));
}

#[test]
fn a_bad_file_at_the_start_leaves_the_bundled_one() {
    let (rig, folder) = rig("processors");
    fs::create_dir(&folder).unwrap();
    deploy(&folder.join("ubuntu.wasm"), b"no component");
    let mut swapping = swapping(rig, folder.join("ubuntu.wasm"));
    let said = swapping.rig.wait_for_log("ubuntu.wasm is not used, the bundled ubuntu is");
    assert!(said.contains("WARN") && said.contains("not WebAssembly"), "{said}");
    swapping.wait_for_more();
    assert!(swapping.rig.said("a changed component is not used").is_empty(), "it was said");
    deploy(&swapping.parser, &renaming());
    swapping.wait_until_last_has("Unit");
    swapping.end();
}

/// Lines of no bundled format, which only the hostile parser takes as they are: one attribute `message`.
fn of_no_format(rig: &Rig, name: &str, count: usize) {
    rig.append(name, (0..count).map(|n| format!("<<{n}>> of no format\n")).collect::<String>());
}

fn of(records: &[Record], name: &str) -> Vec<Record> {
    records.iter().filter(|record| record.attr("log.file.name") == Some(name)).cloned().collect()
}

#[test]
fn a_further_parser_joins_auto_and_leaves_it() {
    let (mut rig, folder) = rig("processors");
    fs::create_dir(&folder).unwrap();
    rig.append("known.log", crate::lines::ubuntu(0..100));
    of_no_format(&rig, "strange.log", 100);
    rig.start();
    assert!(of(&rig.records(200), "strange.log").iter().all(|record| record.attr("message").is_none()));

    deploy(&folder.join("mine.wasm"), &fs::read(component("hostile")).unwrap());
    let said = rig.wait_for_log("parser takes part in `auto`");
    assert!(said.contains("mine"), "{said}");
    of_no_format(&rig, "strange.log", 100);
    rig.append("known.log", crate::lines::ubuntu(100..200));
    let records = rig.records(400);
    assert!(of(&records, "strange.log")[100..].iter().all(|record| record.attr("message").is_some()));
    assert!(of(&records, "known.log").iter().all(|record| record.attr("unit") == Some("job")));

    fs::remove_file(folder.join("mine.wasm")).unwrap();
    rig.wait_for_log("parser is no longer one of `auto`'s");
    of_no_format(&rig, "strange.log", 100);
    // Those that are judged anew are judged well.
    rig.append("strange.log", crate::lines::ubuntu(0..100));
    let records = of(&rig.records(600), "strange.log");
    assert!(records[200..300].iter().all(|record| record.attr("message").is_none()), "{:?}", records[200]);
    assert!(records[300..].iter().all(|record| record.attr("unit") == Some("job")), "{:?}", records[300]);
    rig.stop();
}

#[test]
fn a_further_parser_is_exchanged_as_any_other() {
    let (mut rig, folder) = rig("processors");
    fs::create_dir(&folder).unwrap();
    let hostile = fs::read(component("hostile")).unwrap();
    deploy(&folder.join("mine.wasm"), &hostile);
    of_no_format(&rig, "strange.log", 10);
    rig.start();
    assert!(rig.records(10).iter().all(|record| record.attr("message").is_some()));
    deploy(&folder.join("mine.wasm"), &version(&hostile, 1));
    rig.wait_for_log("\"component is exchanged\"");
    of_no_format(&rig, "strange.log", 10);
    assert!(rig.records(20).iter().all(|record| record.attr("message").is_some()));
    rig.stop();
}

#[test]
fn what_is_no_parser_does_not_join() {
    let (mut rig, folder) = rig("processors");
    fs::create_dir(&folder).unwrap();
    rig.start();
    let flow = Flow::start(&rig);
    deploy(&folder.join("broken.wasm"), b"no component");
    let said = rig.wait_for_log("parser does not take part in `auto`");
    assert!(said.contains("WARN") && said.contains("broken"), "{said}");
    deploy(&folder.join("enricher.wasm"), &version(&fs::read(component("severity")).unwrap(), 1));
    deploy(&folder.join("good.wasm"), &version(&ubuntu(), 1));
    rig.wait_for_log("parser takes part in `auto`");
    assert_eq!(
        rig.said("parser does not take part in `auto`").len(),
        1,
        "an enricher is none of auto's business"
    );
    let count = flow.end();
    rig.expect(&crate::lines::ubuntu(0..count));
    rig.stop();
}

#[test]
fn a_config_may_name_what_lies_there() {
    let (mut rig, folder) = rig("processors");
    fs::create_dir(&folder).unwrap();
    rig.config("receivers: {filelog: {parser: mine}}");
    let missing = check(&rig);
    assert!(missing.err.contains("mine"), "{}", missing.err);
    deploy(&folder.join("mine.wasm"), &renaming());
    let mut swapping = swapping(rig, folder.join("mine.wasm"));
    swapping.wait_until_last_has("Unit");
    fs::remove_file(&swapping.parser).unwrap();
    // Nobody else has it.
    swapping.rig.wait_for_log("the file is gone");
    swapping.wait_for_more();
    deploy(&swapping.parser, &ubuntu());
    swapping.wait_until_last_has("unit");
    swapping.end();
}

#[test]
fn the_folder_is_switched_by_a_link() {
    let (rig, folder) = rig("current");
    let versions = folder.parent().unwrap().to_owned();
    for (name, bytes) in [("one", ubuntu()), ("two", renaming())] {
        fs::create_dir(versions.join(name)).unwrap();
        fs::write(versions.join(name).join("ubuntu.wasm"), bytes).unwrap();
    }
    let link = |target: &Path| {
        std::os::unix::fs::symlink(target, versions.join("next")).unwrap();
        fs::rename(versions.join("next"), &folder).unwrap();
    };
    link(&versions.join("one"));
    let swapping = swapping(rig, folder.join("ubuntu.wasm"));
    link(&versions.join("two"));
    assert!(eventually(PATIENCE, || swapping.swaps() == 1));
    swapping.wait_until_last_has("Unit");
    swapping.end();
}
