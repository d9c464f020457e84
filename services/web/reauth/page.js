import { passwords } from "./password.js";

passwords();
