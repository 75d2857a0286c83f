use super::*;
use crate::client::{Answered, send};
use crate::eventually;
use std::io;

const SOON: Duration = Duration::from_secs(10);

fn token(imds: &Imds, ttl: &str) -> Answered {
    send(imds.addr(), &format!("PUT {TOKEN}"), &[(TTL_HEADER, ttl)], b"").unwrap()
}

fn try_get(imds: &Imds, path: &str, token: &str) -> io::Result<Answered> {
    send(imds.addr(), &format!("GET /latest/{path}"), &[(TOKEN_HEADER, token)], b"")
}

fn get(imds: &Imds, path: &str) -> Answered {
    try_get(imds, path, token(imds, "60").text()).unwrap()
}

#[test]
fn a_token_has_a_life_of_one_second_to_six_hours() {
    let imds = Imds::start().unwrap();
    for bad in ["0", "21601", "-1", "", "soon"] {
        assert_eq!(token(&imds, bad).status, 400, "{bad:?}");
    }
    assert_eq!(send(imds.addr(), &format!("PUT {TOKEN}"), &[], b"").unwrap().status, 400);
    for good in ["1", "21600"] {
        let answered = token(&imds, good);
        assert_eq!(answered.status, 200);
        assert!(answered.head.contains(&format!("{TTL_HEADER}: {good}")), "{}", answered.head);
    }
    let proxied = [(TTL_HEADER, "60"), ("X-Forwarded-For", "192.0.2.1")];
    assert_eq!(send(imds.addr(), &format!("PUT {TOKEN}"), &proxied, b"").unwrap().status, 403);
}

#[test]
fn nothing_is_read_without_a_living_token() {
    let imds = Imds::start().unwrap();
    let without = send(imds.addr(), "GET /latest/meta-data/instance-id", &[], b"").unwrap();
    assert_eq!(without.status, 401);
    assert_eq!(try_get(&imds, "meta-data/instance-id", "made-up").unwrap().status, 401);

    let short = token(&imds, "1");
    let status = || try_get(&imds, "meta-data/instance-id", short.text()).unwrap().status;
    assert_eq!(status(), 200);
    assert!(eventually(SOON, || status() == 401), "it never expired");

    let long = token(&imds, "60");
    imds.revoke_tokens();
    assert_eq!(try_get(&imds, "meta-data/instance-id", long.text()).unwrap().status, 401);
}

#[test]
fn the_instance_is_served_and_the_rest_is_unknown() {
    let imds = Imds::start().unwrap();
    for (path, value) in [
        ("meta-data/instance-id", "i-0abc1234def567890"),
        ("meta-data/hostname", "ip-10-0-1-23.ec2.internal"),
        ("meta-data/local-hostname", "ip-10-0-1-23.ec2.internal"),
        ("meta-data/instance-type", "t3.micro"),
        ("meta-data/ami-id", "ami-0abcdef1234567890"),
        ("meta-data/placement/region", "us-east-1"),
        ("meta-data/placement/availability-zone", "us-east-1a"),
        ("meta-data/placement/availability-zone-id", "use1-az1"),
    ] {
        assert_eq!(get(&imds, path).text(), value, "{path}");
    }
    let document: serde_json::Value =
        serde_json::from_slice(&get(&imds, "dynamic/instance-identity/document").body).unwrap();
    assert_eq!(document["accountId"], "123456789012");
    assert_eq!(get(&imds, "meta-data/nothing").status, 404);

    imds.set_instance(Instance { instance_id: "i-0def".to_owned(), ..Instance::default() });
    assert_eq!(get(&imds, "meta-data/instance-id").text(), "i-0def");
    imds.set_raw("/latest/meta-data/instance-id", &b"\xff"[..]);
    assert_eq!(get(&imds, "meta-data/instance-id").body, b"\xff");
}

#[test]
fn tags_are_there_if_they_are_enabled() {
    let imds = Imds::start().unwrap();
    imds.set_tag("cost centre/eu", "42 %");
    assert_eq!(get(&imds, "meta-data/tags/instance/").text(), "Environment\nName\nTeam\ncost centre/eu");
    assert_eq!(get(&imds, "meta-data/tags/instance/Name").text(), "web-1");
    assert_eq!(get(&imds, "meta-data/tags/instance/cost%20centre%2Feu").text(), "42 %");
    imds.remove_tag("Name");
    assert_eq!(get(&imds, "meta-data/tags/instance/Name").status, 404);
    imds.disable_tags();
    assert_eq!(get(&imds, "meta-data/tags/instance/").status, 404);
    assert_eq!(get(&imds, "meta-data/tags/instance/Team").status, 404);
}

#[test]
fn faults_hit_what_they_are_aimed_at() {
    let imds = Imds::start().unwrap();
    let good = token(&imds, "60");
    let status = |path: &str| try_get(&imds, path, good.text()).map(|answered| answered.status).ok();

    imds.fail_next(2, "/latest/meta-data/instance-id", Fault::Status(500));
    assert_eq!(status("meta-data/hostname"), Some(200));
    assert_eq!(
        [(); 3].map(|()| status("meta-data/instance-id")),
        [Some(500), Some(500), Some(200)],
        "two times, then no more"
    );
    imds.set_fault_at("/latest/meta-data/host", Fault::Refuse);
    assert_eq!(status("meta-data/hostname"), None);
    assert_eq!(status("meta-data/instance-id"), Some(200));

    imds.set_fault(Fault::Redirect("http://192.0.2.1/".to_owned()));
    let redirect = try_get(&imds, "meta-data/ami-id", good.text()).unwrap();
    assert!(redirect.status == 307 && redirect.head.contains("location: http://192.0.2.1/"));

    let start = Instant::now();
    imds.set_fault(Fault::Slow(Duration::from_millis(30)));
    assert_eq!(status("meta-data/hostname"), Some(200));
    assert!(start.elapsed() >= Duration::from_millis(30));

    imds.set_fault(Fault::None);
    assert_eq!(status("meta-data/hostname"), Some(200));
    assert_eq!(imds.count("/latest/meta-data/instance-id"), 4);
    assert_eq!(
        imds.calls()[2],
        Call {
            method: "GET".to_owned(),
            path: "/latest/meta-data/instance-id".to_owned(),
            status: Some(500),
        }
    );
}

#[test]
fn it_stops_even_while_a_request_hangs_and_comes_back() {
    let mut imds = Imds::start().unwrap();
    imds.set_fault(Fault::Hang);
    let addr = imds.addr();
    let hanging = std::thread::spawn(move || send(addr, &format!("PUT {TOKEN}"), &[(TTL_HEADER, "60")], b""));
    imds.wait_for(SOON, |calls| calls.len() == 1).unwrap();
    imds.stop();
    assert!(hanging.join().unwrap().is_err());
    assert_eq!(send(addr, "GET /", &[], b"").unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    imds.restart().unwrap();
    imds.set_fault(Fault::None);
    assert_eq!(imds.addr(), addr);
    assert_eq!(token(&imds, "60").status, 200);
}
