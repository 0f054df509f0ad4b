import extism

from hostfn import HostError, db_create_user, db_update_user_profile, hash_password


@extism.plugin_fn
def example() -> None:
    """Signs up whoever has this address, with a text about them."""
    try:
        password_hash = hash_password({"password": "correct horse"})
        user = db_create_user(
            {
                "name": "Ada",
                "email": extism.input_str(),
                "password_hash": password_hash,
            }
        )
        user = db_update_user_profile(
            {"uuid": user["uuid"], "avatar": None, "bio": "Notes"}
        )
        extism.output_str(f"{user['name']}: {user['bio']}")
    except HostError as error:
        extism.output_str(f"{error.code} {error.field} {error.call_id}")
