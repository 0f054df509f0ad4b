use hostfn::{
    ErrorCode::{Conflict, InvalidRequest, NotFound},
    Grants,
};

use super::*;
use crate::{
    email_verification::{db_create_email_verification_token, db_get_email_verification_token},
    password_reset::{db_create_password_reset_token, db_get_password_reset_token},
    test_support::{Fixture, HASH, caller, nobody, refusal, request, seconds},
};

fn by_email(fixture: &Fixture, email: &str) -> Option<User> {
    fixture.read(|db| db_get_user_by_email(db, &caller(Grants::none()), email.parse().unwrap()))
}

fn update(fixture: &Fixture, json: serde_json::Value) -> Result<User, HostError> {
    let request = serde_json::from_value(json).unwrap();
    fixture.write(|db| db_update_user_profile(db, &fixture.clock, &caller(Grants::none()), Json(request)))
}

#[test]
fn a_created_user_is_found_by_either_key() {
    let fixture = Fixture::new();
    let user = fixture.create_user("Ada@Example.com").unwrap();
    assert_eq!((user.name.as_str(), user.email.as_str(), user.email_verified), ("Ada", "Ada@Example.com", false));
    assert_eq!(by_email(&fixture, "aDA@eXAMPLE.COM").as_ref(), Some(&user));
    assert_eq!(fixture.read(|db| db_get_user_by_uuid(db, &caller(Grants::none()), user.uuid)), Some(user));
    assert_eq!(by_email(&fixture, "bob@example.com"), None);
    assert_eq!(fixture.read(|db| db_get_user_by_uuid(db, &caller(Grants::none()), nobody())), None);
}

#[test]
fn both_keys_are_unique() {
    let fixture = Fixture::new();
    let user = fixture.create_user("Äda@example.com").unwrap();
    assert_eq!(refusal(fixture.create_user("äDA@example.com")), (Conflict, Some("email".into())));
    let same_uuid = CreateUserRequest { uuid: Some(user.uuid), ..request("bob@example.com") };
    assert_eq!(refusal(fixture.create(same_uuid)), (Conflict, Some("uuid".into())));
    let nil = "00000000-0000-0000-0000-000000000000".parse().unwrap();
    let nil = CreateUserRequest { uuid: Some(nil), ..request("bob@example.com") };
    assert_eq!(refusal(fixture.create(nil)), (InvalidRequest, Some("uuid".into())));
}

#[test]
fn only_who_may_read_credentials_sees_the_hash() {
    let fixture = Fixture::new();
    let uuid = fixture.create_user("ada@example.com").unwrap().uuid;
    let hash = |grants| {
        let user = fixture.read(|db| db_get_user_by_uuid(db, &caller(grants), uuid)).unwrap();
        user.password_hash.map(|hash| hash.expose().to_owned())
    };
    assert_eq!(hash(Grants::of(["users:*"]).unwrap()), None);
    assert_eq!(hash(Grants::of(["credentials:read"]).unwrap()).as_deref(), Some(HASH));
}

#[test]
fn a_password_is_replaced() {
    let fixture = Fixture::new();
    let uuid = fixture.user();
    fixture.clock.advance_seconds(60);
    let reader = caller(Grants::of(["credentials:read"]).unwrap());
    let other = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";
    let set = |uuid| {
        let hash = Secret::new(other).try_into().unwrap();
        fixture.write(|db| db_update_user_password(db, &fixture.clock, &reader, uuid, hash))
    };
    let user = set(uuid).unwrap();
    assert_eq!(user.password_hash.unwrap().expose(), other);
    assert_eq!(user.updated_at, fixture.clock.now());
    assert_eq!(refusal(set(nobody())), (NotFound, Some("uuid".into())));
}

#[test]
fn an_address_is_verified_and_unverified() {
    let fixture = Fixture::new();
    let uuid = fixture.user();
    let set = |uuid, verified| {
        fixture.write(|db| db_update_user_email_verified(db, &fixture.clock, &caller(Grants::none()), uuid, verified))
    };
    assert!(set(uuid, true).unwrap().email_verified);
    assert!(!set(uuid, false).unwrap().email_verified);
    assert_eq!(refusal(set(nobody(), true)), (NotFound, Some("uuid".into())));
}

#[test]
fn a_profile_changes_where_the_request_says_so() {
    let fixture = Fixture::new();
    let uuid = fixture.user();
    let user =
        update(&fixture, serde_json::json!({"uuid": uuid, "avatar": "https://example.com/a.png", "bio": "Hello"}))
            .unwrap();
    assert_eq!(
        (user.name.as_str(), user.avatar.as_deref(), user.bio.as_deref()),
        ("Ada", Some("https://example.com/a.png"), Some("Hello"))
    );
    let user = update(&fixture, serde_json::json!({"uuid": uuid, "name": "Ada Lovelace", "bio": null})).unwrap();
    assert_eq!(
        (user.name.as_str(), user.avatar.as_deref(), user.bio),
        ("Ada Lovelace", Some("https://example.com/a.png"), None)
    );
    assert_eq!(
        refusal(update(&fixture, serde_json::json!({"uuid": nobody(), "name": "Bob"}))),
        (NotFound, Some("uuid".into()))
    );
}

#[test]
fn an_empty_change_changes_nothing() {
    let fixture = Fixture::new();
    let before = fixture.create_user("ada@example.com").unwrap();
    fixture.clock.advance_seconds(60);
    assert_eq!(update(&fixture, serde_json::json!({"uuid": before.uuid})).unwrap(), before);
    assert_eq!(refusal(update(&fixture, serde_json::json!({"uuid": nobody()}))), (NotFound, Some("uuid".into())));
}

#[test]
fn another_address_is_unverified_and_unique() {
    let fixture = Fixture::new();
    let uuid = fixture.user();
    let verify = || {
        fixture
            .write(|db| db_update_user_email_verified(db, &fixture.clock, &caller(Grants::none()), uuid, true))
            .unwrap()
    };
    verify();
    assert!(
        update(&fixture, serde_json::json!({"uuid": uuid, "email": "ada@example.com"})).unwrap().email_verified,
        "the same"
    );
    let user = update(&fixture, serde_json::json!({"uuid": uuid, "email": "lovelace@example.com"})).unwrap();
    assert_eq!((user.email.as_str(), user.email_verified), ("lovelace@example.com", false));
    assert_eq!(by_email(&fixture, "Lovelace@example.com"), Some(user), "the key follows");

    fixture.create_user("bob@example.com").unwrap();
    let taken = update(&fixture, serde_json::json!({"uuid": uuid, "email": "BOB@example.com"}));
    assert_eq!(refusal(taken), (Conflict, Some("email".into())));
}

#[test]
fn a_token_that_was_sent_to_the_former_address_is_worth_nothing() {
    let fixture = Fixture::new();
    let uuid = fixture.user();
    let verification = fixture.write(|db| {
        db_create_email_verification_token(db, &fixture.clock, &fixture.entropy(), uuid, seconds(60), None)
    });
    let reset = fixture
        .write(|db| db_create_password_reset_token(db, &fixture.clock, &fixture.entropy(), uuid, seconds(60), None));
    let (verification, reset) = (verification.unwrap().token, reset.unwrap().token);
    let are_there = || {
        let verification = fixture.read(|db| db_get_email_verification_token(db, &fixture.clock, verification.clone()));
        let reset = fixture.read(|db| db_get_password_reset_token(db, &fixture.clock, reset.clone()));
        (verification.is_some(), reset.is_some())
    };
    update(&fixture, serde_json::json!({"uuid": uuid, "email": "ada@example.com", "bio": "The same address"})).unwrap();
    assert_eq!(are_there(), (true, true));
    update(&fixture, serde_json::json!({"uuid": uuid, "email": "lovelace@example.com"})).unwrap();
    assert_eq!(are_there(), (false, false));
}
