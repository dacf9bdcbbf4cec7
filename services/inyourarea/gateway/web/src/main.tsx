/** The page begins here. */
import { render } from "preact";
import { App } from "./App";
import { learnWho } from "./session";
import "./style/base.css";
import "./style/controls.css";
import "./style/pages.css";
import "./style/watch.css";
import "./style/edit.css";
import "./style/label.css";

void learnWho();
const page = document.getElementById("page");
if (page) render(<App />, page);
