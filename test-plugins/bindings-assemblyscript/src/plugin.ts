// Calls every built-in host function from AssemblyScript through `hostfn.ts`, which `hostfn bindings` wrote: each export
// reads its input into the request's type, calls the typed function, and answers what it answered, as the host writes it.

import { Host, Memory } from "@extism/as-pdk";
import * as hostfn from "./hostfn";

export { example } from "./example";

/** What the runtime calls when it gives up: AssemblyScript's own would need an import from JavaScript. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  unreachable();
}

function input(): hostfn.Json {
  return hostfn.Json.parse(String.UTF8.decode(Host.input().buffer));
}

/** The envelope around data, which is null where there is an error, and the other way round. */
function begin(error: hostfn.HostError | null): hostfn.JsonWriter {
  const json = new hostfn.JsonWriter();
  json.open("{");
  json.key("success");
  json.boolean(error === null);
  json.key("data");
  if (error !== null) json.null();
  return json;
}

function end(json: hostfn.JsonWriter, error: hostfn.HostError | null): i32 {
  json.key("error");
  if (error === null) json.null();
  else error.write(json);
  json.close("}");
  Host.outputMemory(Memory.allocateString(json.toString()));
  return 0;
}

function answer<T>(result: hostfn.HostResult<T>): i32 {
  const json = begin(result.error);
  if (result.error === null) result.data.write(json);
  return end(json, result.error);
}

function answerOrNull<T>(result: hostfn.HostResult<T | null>): i32 {
  const json = begin(result.error);
  if (result.error === null) {
    const data = result.data;
    if (data === null) json.null();
    else data.write(json);
  }
  return end(json, result.error);
}

function answerText(result: hostfn.HostResult<string>): i32 {
  const json = begin(result.error);
  if (result.error === null) json.string(result.data);
  return end(json, result.error);
}

export function db_create_user(): i32 {
  return answer<hostfn.User>(hostfn.dbCreateUser(hostfn.CreateUserRequest.read(input())));
}

export function db_get_user_by_email(): i32 {
  return answerOrNull<hostfn.User>(hostfn.dbGetUserByEmail(hostfn.DbGetUserByEmailRequest.read(input())));
}

export function db_get_user_by_uuid(): i32 {
  return answerOrNull<hostfn.User>(hostfn.dbGetUserByUuid(hostfn.DbGetUserByUuidRequest.read(input())));
}

export function db_update_user_password(): i32 {
  return answer<hostfn.User>(hostfn.dbUpdateUserPassword(hostfn.DbUpdateUserPasswordRequest.read(input())));
}

export function db_update_user_email_verified(): i32 {
  return answer<hostfn.User>(hostfn.dbUpdateUserEmailVerified(hostfn.DbUpdateUserEmailVerifiedRequest.read(input())));
}

export function db_update_user_profile(): i32 {
  return answer<hostfn.User>(hostfn.dbUpdateUserProfile(hostfn.UpdateUserProfileRequest.read(input())));
}

export function db_create_session(): i32 {
  return answer<hostfn.Session>(hostfn.dbCreateSession(hostfn.DbCreateSessionRequest.read(input())));
}

export function db_get_session(): i32 {
  return answerOrNull<hostfn.Session>(hostfn.dbGetSession(hostfn.DbGetSessionRequest.read(input())));
}

export function db_delete_session(): i32 {
  return answer<hostfn.Deleted>(hostfn.dbDeleteSession(hostfn.DbDeleteSessionRequest.read(input())));
}

export function db_delete_user_sessions(): i32 {
  return answer<hostfn.Deleted>(hostfn.dbDeleteUserSessions(hostfn.DbDeleteUserSessionsRequest.read(input())));
}

export function db_cleanup_expired_sessions(): i32 {
  return answer<hostfn.Deleted>(hostfn.dbCleanupExpiredSessions());
}

export function db_create_email_verification_token(): i32 {
  return answer<hostfn.EmailVerificationToken>(hostfn.dbCreateEmailVerificationToken(hostfn.DbCreateEmailVerificationTokenRequest.read(input())));
}

export function db_get_email_verification_token(): i32 {
  return answerOrNull<hostfn.EmailVerificationToken>(hostfn.dbGetEmailVerificationToken(hostfn.DbGetEmailVerificationTokenRequest.read(input())));
}

export function db_delete_email_verification_token(): i32 {
  return answer<hostfn.Deleted>(hostfn.dbDeleteEmailVerificationToken(hostfn.DbDeleteEmailVerificationTokenRequest.read(input())));
}

export function db_create_password_reset_token(): i32 {
  return answer<hostfn.PasswordResetToken>(hostfn.dbCreatePasswordResetToken(hostfn.DbCreatePasswordResetTokenRequest.read(input())));
}

export function db_get_password_reset_token(): i32 {
  return answerOrNull<hostfn.PasswordResetToken>(hostfn.dbGetPasswordResetToken(hostfn.DbGetPasswordResetTokenRequest.read(input())));
}

export function db_delete_password_reset_token(): i32 {
  return answer<hostfn.Deleted>(hostfn.dbDeletePasswordResetToken(hostfn.DbDeletePasswordResetTokenRequest.read(input())));
}

export function db_delete_user_password_reset_tokens(): i32 {
  return answer<hostfn.Deleted>(hostfn.dbDeleteUserPasswordResetTokens(hostfn.DbDeleteUserPasswordResetTokensRequest.read(input())));
}

export function hash_password(): i32 {
  return answerText(hostfn.hashPassword(hostfn.HashPasswordRequest.read(input())));
}

export function verify_password(): i32 {
  return answer<hostfn.PasswordMatch>(hostfn.verifyPassword(hostfn.VerifyPasswordRequest.read(input())));
}

export function db_test_connection(): i32 {
  return answer<hostfn.DatabaseStatus>(hostfn.dbTestConnection());
}
