//! Lists are tested on the side, by their own test points.

use std::time::Duration;

use hickory_proto::op::ResponseCode;
use resolverd::dnsbl::state::State;
use resolverd::lab::fault::Fault;
use resolverd::lab::simulation::paused;

use super::stage::{Stage, name, pass, question, sender};

const LIST: &str = "zen.spamhaus.org.";

const MINUTE: Duration = Duration::from_secs(60);

/// How often the list's test was made: messages for the point that is asked for last.
fn tests(stage: &Stage) -> usize {
    let point = name(&format!("1.0.0.127.{LIST}"));
    stage.simulation.lab().log().received().iter().filter(|one| one.name.to_lowercase() == point).count()
}

/// Asks about a new address each minute, as mail comes in.
async fn minutes(stage: &Stage, minutes: u32) {
    for number in 0..minutes {
        let unix = u32::try_from(stage.simulation.clock().now().unix % 60_000).unwrap();
        stage.ask(&question(sender(unix + number), LIST)).await;
        pass(MINUTE).await;
    }
}

#[test]
fn a_list_is_tested_at_its_first_question_and_every_half_hour() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        assert_eq!(stage.entry(LIST).state(), State::Untested);
        stage.ask(&question(sender(1), LIST)).await;
        pass(Duration::from_secs(1)).await;
        assert_eq!(stage.entry(LIST).state(), State::Ok);
        assert_eq!(tests(&stage), 1);
        minutes(&stage, 120).await;
        let made = tests(&stage);
        assert!((4..=5).contains(&made), "{made} in two hours");
        pass(600 * MINUTE).await;
        assert_eq!(tests(&stage), made, "a list that nobody asks is not tested");
    });
}

#[test]
fn a_list_that_lists_the_world_is_found_out_and_its_listings_are_forgotten() {
    paused(async {
        let stage = Stage::new(&|_| "* 86400 A 127.0.0.2\n*.0.0.127 86400 A 127.0.0.2\n".to_owned(), |_| {});
        let listed = question(sender(7), LIST);
        let reply = stage.ask(&listed).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::NoError);
        pass(MINUTE).await;
        assert_eq!(stage.entry(LIST).state(), State::Untested, "one test condemns nobody");
        minutes(&stage, 8).await;
        let standing = stage.entry(LIST).standing();
        assert_eq!(standing.state, State::ListsTheWorld, "{standing:?}");
        assert!(standing.why.contains("its own test point"), "{standing:?}");
        let reply = stage.ask(&listed).await;
        assert_eq!(
            reply.message.metadata.response_code,
            ResponseCode::ServFail,
            "kept for a day, were it believed"
        );
    });
}

#[test]
fn a_silent_list_is_not_tested_and_a_refusing_one_is_told_by_its_answers() {
    paused(async {
        let stage = Stage::new(&|_| "* 60 A 127.255.255.254\n".to_owned(), |_| {});
        stage.ask(&question(sender(1), LIST)).await;
        pass(MINUTE).await;
        assert_eq!(stage.entry(LIST).state(), State::Refusing);
        for server in stage.servers(LIST) {
            server.set_faults(&[Fault::Dead]);
        }
        minutes(&stage, 45).await;
        assert_eq!(stage.entry(LIST).state(), State::Dead);
    });
}
