// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { render } from "../src/render.js";

test("names are replaced by their values", () => {
  assert.equal(render("<b>{{who}}</b>", { who: "you" }), "<b>you</b>");
});
test("values cannot break out of the page", () => {
  assert.equal(render("{{x}}", { x: "<script>" }), "&lt;script&gt;");
});
test("a name without a value is empty", () => {
  assert.equal(render("[{{x}}]", {}), "[]");
});
