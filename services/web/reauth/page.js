import { passwords } from "./password.js";
import { passkeyInstead } from "./passkeys.js";

passwords();
passkeyInstead();
