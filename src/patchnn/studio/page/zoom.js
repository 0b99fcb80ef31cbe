// Zoom: its buttons, and both panes in step.

import { $, state } from "./state.js";
import { easel, resultView } from "./stage.js";

easel.view.follower = () => (state.shown?.canvas && !$("result").hidden && !easel.guest ? resultView : null);
easel.view.room = () => easel.handles?.frame() ?? { x: 0, y: 0, width: 0, height: 0 };
resultView.follower = () => (state.current && !easel.guest ? easel.view : null);
easel.view.scaled = (percent) => ($("percent").value = `${percent} %`);
resultView.scaled = (percent) => state.current || ($("percent").value = `${percent} %`);
const main = () => (state.current ? easel.view : resultView);
$("zoom-in").addEventListener("click", () => main().zoom(1.5));
$("zoom-out").addEventListener("click", () => main().zoom(1 / 1.5));
$("zoom-fit").addEventListener("click", () => main().fit());
