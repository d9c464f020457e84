import { askFirst } from "./ask-first.js";

askFirst();
