"use strict";
// What the page is about, and its small tools. The parts of the script are joined in the order of PARTS in pages.py.

const survey = JSON.parse(document.getElementById("survey").textContent);
const address = new URLSearchParams(location.hash.slice(1));
const key = address.get("key");
const PLACE = `patchnn-survey ${survey.survey} ${survey.page}`;
const PAUSE = 600; // milliseconds with a cross before the images
const RETRY = 3000;
const LARGEST = 2; // small images are shown at most so many times as large
const AGAIN = 3; // questions between a question and its repetition, where there are so many
const paired = survey.setup !== "unpaired";
const limit = survey.seconds === null ? Infinity : survey.seconds * 1000;
const QUESTION = survey.setup === "paired" ? "Which image is real?"
  : survey.setup === "unpaired" ? "Is this image real?"
  : survey.instruction ? `Which image fits better: “${survey.instruction}”?` : "Which image looks more real?";

const at = (id) => document.getElementById(id);
const make = (tag, text = "", facts = {}) => Object.assign(document.createElement(tag), { textContent: text }, facts);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const frame = () => new Promise(requestAnimationFrame);
const plural = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
