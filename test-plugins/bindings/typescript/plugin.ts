import {
  dbCreateUser,
  dbUpdateUserProfile,
  hashPassword,
  HostError,
} from "./hostfn";

/** Signs up whoever has this address, with a text about them. */
export function example(): number {
  try {
    const password_hash = hashPassword({ password: "correct horse" });
    const email = Host.inputString();
    const { uuid } = dbCreateUser({ name: "Ada", email, password_hash });
    const user = dbUpdateUserProfile({ uuid, avatar: null, bio: "Notes" });
    Host.outputString(`${user.name}: ${user.bio}`);
    return 0;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    Host.outputString(`${error.code} ${error.field} ${error.callId}`);
    return 1;
  }
}
