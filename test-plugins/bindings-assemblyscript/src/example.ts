import { Host, Memory } from "@extism/as-pdk";
import { CreateUserRequest, HashPasswordRequest, Patch, UpdateUserProfileRequest } from "./hostfn";
import { dbCreateUser, dbUpdateUserProfile, hashPassword } from "./hostfn";

/** Signs up whoever has this address, with a text about them. */
export function example(): i32 {
  const hash = hashPassword(new HashPasswordRequest("correct horse"));
  if (hash.error !== null) return 1;
  const created = dbCreateUser(new CreateUserRequest("Ada", Host.inputString(), hash.data));
  if (created.error !== null) return 1;
  const change = new UpdateUserProfileRequest(created.data.uuid);
  change.bio = Patch.of<string>("Notes, é 漢字 🎉");
  change.avatar = Patch.none<string>();
  const user = dbUpdateUserProfile(change);
  if (user.error !== null) return 1;
  Host.outputMemory(Memory.allocateString(user.data.name + ": " + user.data.bio!));
  return 0;
}
