//! Calls every built-in host function from Zig through `hostfn.zig`, which `hostfn bindings` wrote: each export reads its
//! input into the request's type, calls the typed function, and answers what it answered, as the host writes it.

const std = @import("std");
const hostfn = @import("hostfn.zig");

extern "extism:host/env" fn alloc(length: u64) u64;
extern "extism:host/env" fn input_length() u64;
extern "extism:host/env" fn input_load_u8(at: u64) u8;
extern "extism:host/env" fn output_set(block: u64, length: u64) void;
extern "extism:host/env" fn store_u8(at: u64, byte: u8) void;

comptime {
    _ = @import("example.zig");
}

pub fn input(allocator: std.mem.Allocator) ![]u8 {
    const bytes = try allocator.alloc(u8, @intCast(input_length()));
    for (bytes, 0..) |*byte, at| byte.* = input_load_u8(at);
    return bytes;
}

pub fn output(bytes: []const u8) void {
    const block = alloc(bytes.len);
    for (bytes, 0..) |byte, at| store_u8(block + at, byte);
    output_set(block, bytes.len);
}

/// As the host writes it.
fn answer(allocator: std.mem.Allocator, result: anytype) !void {
    const bytes = switch (result) {
        .data => |data| try std.json.Stringify.valueAlloc(allocator, .{ .success = true, .data = data, .@"error" = null }, .{}),
        .err => |err| try std.json.Stringify.valueAlloc(allocator, .{ .success = false, .data = null, .@"error" = err }, .{}),
    };
    output(bytes);
}

fn call(comptime Request: type, comptime function: anytype) i32 {
    var arena = std.heap.ArenaAllocator.init(std.heap.wasm_allocator);
    defer arena.deinit();
    const allocator = arena.allocator();
    const bytes = input(allocator) catch return 1;
    const result = switch (hostfn.read(Request, allocator, bytes) catch return 1) {
        .data => |request| function(allocator, request) catch return 1,
        .err => |err| @TypeOf(function(allocator, undefined) catch unreachable){ .err = err },
    };
    answer(allocator, result) catch return 1;
    return 0;
}

fn callPlain(comptime function: anytype) i32 {
    var arena = std.heap.ArenaAllocator.init(std.heap.wasm_allocator);
    defer arena.deinit();
    const result = function(arena.allocator()) catch return 1;
    answer(arena.allocator(), result) catch return 1;
    return 0;
}

export fn db_create_user() i32 {
    return call(hostfn.CreateUserRequest, hostfn.dbCreateUser);
}

export fn db_get_user_by_email() i32 {
    return call(hostfn.DbGetUserByEmailRequest, hostfn.dbGetUserByEmail);
}

export fn db_get_user_by_uuid() i32 {
    return call(hostfn.DbGetUserByUuidRequest, hostfn.dbGetUserByUuid);
}

export fn db_update_user_password() i32 {
    return call(hostfn.DbUpdateUserPasswordRequest, hostfn.dbUpdateUserPassword);
}

export fn db_update_user_email_verified() i32 {
    return call(hostfn.DbUpdateUserEmailVerifiedRequest, hostfn.dbUpdateUserEmailVerified);
}

export fn db_update_user_profile() i32 {
    return call(hostfn.UpdateUserProfileRequest, hostfn.dbUpdateUserProfile);
}

export fn db_create_session() i32 {
    return call(hostfn.DbCreateSessionRequest, hostfn.dbCreateSession);
}

export fn db_get_session() i32 {
    return call(hostfn.DbGetSessionRequest, hostfn.dbGetSession);
}

export fn db_delete_session() i32 {
    return call(hostfn.DbDeleteSessionRequest, hostfn.dbDeleteSession);
}

export fn db_delete_user_sessions() i32 {
    return call(hostfn.DbDeleteUserSessionsRequest, hostfn.dbDeleteUserSessions);
}

export fn db_cleanup_expired_sessions() i32 {
    return callPlain(hostfn.dbCleanupExpiredSessions);
}

export fn db_create_email_verification_token() i32 {
    return call(hostfn.DbCreateEmailVerificationTokenRequest, hostfn.dbCreateEmailVerificationToken);
}

export fn db_get_email_verification_token() i32 {
    return call(hostfn.DbGetEmailVerificationTokenRequest, hostfn.dbGetEmailVerificationToken);
}

export fn db_delete_email_verification_token() i32 {
    return call(hostfn.DbDeleteEmailVerificationTokenRequest, hostfn.dbDeleteEmailVerificationToken);
}

export fn db_create_password_reset_token() i32 {
    return call(hostfn.DbCreatePasswordResetTokenRequest, hostfn.dbCreatePasswordResetToken);
}

export fn db_get_password_reset_token() i32 {
    return call(hostfn.DbGetPasswordResetTokenRequest, hostfn.dbGetPasswordResetToken);
}

export fn db_delete_password_reset_token() i32 {
    return call(hostfn.DbDeletePasswordResetTokenRequest, hostfn.dbDeletePasswordResetToken);
}

export fn db_delete_user_password_reset_tokens() i32 {
    return call(hostfn.DbDeleteUserPasswordResetTokensRequest, hostfn.dbDeleteUserPasswordResetTokens);
}

export fn hash_password() i32 {
    return call(hostfn.HashPasswordRequest, hostfn.hashPassword);
}

export fn verify_password() i32 {
    return call(hostfn.VerifyPasswordRequest, hostfn.verifyPassword);
}

export fn db_test_connection() i32 {
    return callPlain(hostfn.dbTestConnection);
}
