const std = @import("std");
const hostfn = @import("hostfn.zig");
const plugin = @import("plugin.zig");

/// Signs up whoever has this address, with a text about them.
fn signUp(allocator: std.mem.Allocator) !i32 {
    const hash = try hostfn.hashPassword(allocator, .{ .password = .{ .exposed = "correct horse" } });
    if (hash == .err) return 1;
    const email = try plugin.input(allocator);
    const created = try hostfn.dbCreateUser(allocator, .{ .name = "Ada", .email = email, .password_hash = hash.data });
    if (created == .err) return 1;
    const bio: hostfn.Patch([]const u8) = .{ .value = "Notes, é 漢字 🎉" };
    const uuid = created.data.uuid;
    const user = try hostfn.dbUpdateUserProfile(allocator, .{ .uuid = uuid, .avatar = .none, .bio = bio });
    if (user == .err) return 1;
    plugin.output(try std.mem.concat(allocator, u8, &.{ user.data.name, ": ", user.data.bio.? }));
    return 0;
}

export fn example() i32 {
    var arena = std.heap.ArenaAllocator.init(std.heap.wasm_allocator);
    defer arena.deinit();
    return signUp(arena.allocator()) catch 1;
}
