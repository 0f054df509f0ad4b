use hostfn::ErrorCode::{Conflict, NotFound};

use super::*;
use crate::test_support::{Fixture, nobody, refusal, seconds, token};

fn create(fixture: &Fixture, user: Uuid, ttl: u32, id: Option<Token>) -> Result<Session, HostError> {
    fixture.write(|db| db_create_session(db, &fixture.clock, &fixture.entropy(), user, seconds(ttl), id))
}

fn get(fixture: &Fixture, id: &Token) -> Option<Session> {
    fixture.read(|db| db_get_session(db, &fixture.clock, id.clone()))
}

#[test]
fn a_session_is_there_until_it_expires() {
    let fixture = Fixture::new();
    let session = create(&fixture, fixture.user(), 60, None).unwrap();
    assert_eq!(session.expires_at, session.created_at.plus_seconds(60));
    assert_eq!(get(&fixture, &session.id).as_ref(), Some(&session));
    fixture.clock.advance_seconds(59);
    assert!(get(&fixture, &session.id).is_some());
    fixture.clock.advance_seconds(1);
    assert_eq!(get(&fixture, &session.id), None, "not cleaned up yet, and gone");
}

#[test]
fn a_session_needs_a_user_and_an_id_of_its_own() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let id = token("a-guests-own-session-id");
    assert_eq!(create(&fixture, user, 60, Some(id.clone())).unwrap().id, id);
    assert_eq!(refusal(create(&fixture, user, 60, Some(id))), (Conflict, Some("id".into())));
    assert_eq!(refusal(create(&fixture, nobody(), 60, None)), (NotFound, Some("user_uuid".into())));
    assert_ne!(create(&fixture, user, 60, None).unwrap().id, create(&fixture, user, 60, None).unwrap().id);
}

#[test]
fn sessions_are_ended_one_or_all() {
    let fixture = Fixture::new();
    let (ada, bob) = (fixture.user(), fixture.create_user("bob@example.com").unwrap().uuid);
    let sessions: Vec<_> = [ada, ada, ada, bob].iter().map(|user| create(&fixture, *user, 60, None).unwrap()).collect();
    let delete = |id: &Token| fixture.write(|db| db_delete_session(db, id.clone())).unwrap().deleted;
    assert_eq!((delete(&sessions[0].id), delete(&sessions[0].id)), (1, 0));
    let delete_of = |user| fixture.write(|db| db_delete_user_sessions(db, user)).unwrap().deleted;
    assert_eq!((delete_of(ada), delete_of(ada), delete_of(nobody())), (2, 0, 0));
    assert!(get(&fixture, &sessions[3].id).is_some(), "somebody else's");
}

#[test]
fn only_expired_sessions_are_cleaned_up() {
    let fixture = Fixture::new();
    let user = fixture.user();
    for ttl in [60, 60, 61] {
        create(&fixture, user, ttl, None).unwrap();
    }
    let clean_up = || fixture.write(|db| db_cleanup_expired_sessions(db, &fixture.clock)).unwrap().deleted;
    fixture.clock.advance_seconds(60);
    assert_eq!((clean_up(), clean_up()), (2, 0));
    fixture.clock.advance_seconds(1);
    assert_eq!(clean_up(), 1);
}
