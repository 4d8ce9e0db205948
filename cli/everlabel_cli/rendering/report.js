"use strict";
// Steps the video from one picture to the next; without it the page reads and plays all the same.
const video = document.getElementById("video");
const place = document.getElementById("place");
const times = video.dataset.times.split(" ").map(Number);
const moment = 0.0005; // into a picture, so that rounding does not show the one before

function current() {
  const after = times.findIndex((time) => time > video.currentTime + moment);
  return (after < 0 ? times.length : after) - 1;
}
function show(index) {
  video.pause();
  video.currentTime = times[Math.min(Math.max(index, 0), times.length - 1)] + moment;
}
function tell() {
  const index = Math.max(current(), 0);
  place.textContent = `${index + 1} of ${times.length}, ${times[index].toFixed(2)} s`;
}
for (const button of document.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => show(current() + Number(button.dataset.step)));
}
for (const link of document.querySelectorAll("[data-seconds]")) {
  link.addEventListener("click", () => show(times.findLastIndex((time) => time <= Number(link.dataset.seconds) + moment)));
}
video.addEventListener("timeupdate", tell);
video.addEventListener("seeked", tell);
document.querySelector(".steps").hidden = false;
tell();
