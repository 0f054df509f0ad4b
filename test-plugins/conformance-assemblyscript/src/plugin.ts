// Calls every built-in host function from AssemblyScript: each export hands its input to the host
// function of its name, and answers with what that answers.

import { Host, Memory } from "@extism/as-pdk";
import { length } from "@extism/as-pdk/lib/env";

/** The input, in a block that the host can read. */
function request(): u64 {
  return Memory.allocateBytes(Host.input()).offset;
}

/** Copies what the host answered to the output, byte for byte: a `string` would be UTF-16 on the way. */
function output(answer: u64): i32 {
  if (answer == 0) return 1;
  Host.output(new Memory(answer, length(answer)).toUint8Array());
  return 0;
}

/** What the runtime calls when it gives up: AssemblyScript's own would need an import from JavaScript. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  unreachable();
}

// Users

@external("extism:host/user", "db_create_user")
declare function host_db_create_user(request: u64): u64;

export function db_create_user(): i32 {
  return output(host_db_create_user(request()));
}

@external("extism:host/user", "db_get_user_by_email")
declare function host_db_get_user_by_email(request: u64): u64;

export function db_get_user_by_email(): i32 {
  return output(host_db_get_user_by_email(request()));
}

@external("extism:host/user", "db_get_user_by_uuid")
declare function host_db_get_user_by_uuid(request: u64): u64;

export function db_get_user_by_uuid(): i32 {
  return output(host_db_get_user_by_uuid(request()));
}

@external("extism:host/user", "db_update_user_password")
declare function host_db_update_user_password(request: u64): u64;

export function db_update_user_password(): i32 {
  return output(host_db_update_user_password(request()));
}

@external("extism:host/user", "db_update_user_email_verified")
declare function host_db_update_user_email_verified(request: u64): u64;

export function db_update_user_email_verified(): i32 {
  return output(host_db_update_user_email_verified(request()));
}

@external("extism:host/user", "db_update_user_profile")
declare function host_db_update_user_profile(request: u64): u64;

export function db_update_user_profile(): i32 {
  return output(host_db_update_user_profile(request()));
}

// Sessions

@external("extism:host/user", "db_create_session")
declare function host_db_create_session(request: u64): u64;

export function db_create_session(): i32 {
  return output(host_db_create_session(request()));
}

@external("extism:host/user", "db_get_session")
declare function host_db_get_session(request: u64): u64;

export function db_get_session(): i32 {
  return output(host_db_get_session(request()));
}

@external("extism:host/user", "db_delete_session")
declare function host_db_delete_session(request: u64): u64;

export function db_delete_session(): i32 {
  return output(host_db_delete_session(request()));
}

@external("extism:host/user", "db_delete_user_sessions")
declare function host_db_delete_user_sessions(request: u64): u64;

export function db_delete_user_sessions(): i32 {
  return output(host_db_delete_user_sessions(request()));
}

@external("extism:host/user", "db_cleanup_expired_sessions")
declare function host_db_cleanup_expired_sessions(request: u64): u64;

export function db_cleanup_expired_sessions(): i32 {
  return output(host_db_cleanup_expired_sessions(request()));
}

// E-mail verification

@external("extism:host/user", "db_create_email_verification_token")
declare function host_db_create_email_verification_token(request: u64): u64;

export function db_create_email_verification_token(): i32 {
  return output(host_db_create_email_verification_token(request()));
}

@external("extism:host/user", "db_get_email_verification_token")
declare function host_db_get_email_verification_token(request: u64): u64;

export function db_get_email_verification_token(): i32 {
  return output(host_db_get_email_verification_token(request()));
}

@external("extism:host/user", "db_delete_email_verification_token")
declare function host_db_delete_email_verification_token(request: u64): u64;

export function db_delete_email_verification_token(): i32 {
  return output(host_db_delete_email_verification_token(request()));
}

// Password reset

@external("extism:host/user", "db_create_password_reset_token")
declare function host_db_create_password_reset_token(request: u64): u64;

export function db_create_password_reset_token(): i32 {
  return output(host_db_create_password_reset_token(request()));
}

@external("extism:host/user", "db_get_password_reset_token")
declare function host_db_get_password_reset_token(request: u64): u64;

export function db_get_password_reset_token(): i32 {
  return output(host_db_get_password_reset_token(request()));
}

@external("extism:host/user", "db_delete_password_reset_token")
declare function host_db_delete_password_reset_token(request: u64): u64;

export function db_delete_password_reset_token(): i32 {
  return output(host_db_delete_password_reset_token(request()));
}

@external("extism:host/user", "db_delete_user_password_reset_tokens")
declare function host_db_delete_user_password_reset_tokens(request: u64): u64;

export function db_delete_user_password_reset_tokens(): i32 {
  return output(host_db_delete_user_password_reset_tokens(request()));
}

// Passwords

@external("extism:host/user", "hash_password")
declare function host_hash_password(request: u64): u64;

export function hash_password(): i32 {
  return output(host_hash_password(request()));
}

@external("extism:host/user", "verify_password")
declare function host_verify_password(request: u64): u64;

export function verify_password(): i32 {
  return output(host_verify_password(request()));
}

// Smoke test

@external("extism:host/user", "db_test_connection")
declare function host_db_test_connection(request: u64): u64;

export function db_test_connection(): i32 {
  return output(host_db_test_connection(request()));
}
