import { passkeyForms } from "./passkeys.js";

passkeyForms();
