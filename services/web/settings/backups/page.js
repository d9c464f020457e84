import { askFirst } from "./ask-first.js";
import { copyButtons } from "./copy.js";

askFirst();
copyButtons();
