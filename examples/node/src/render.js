// SPDX-License-Identifier: MIT
const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

// The page with each {{name}} replaced by its value, safe for HTML.
export function render(page, values) {
  return page.replace(/\{\{(\w+)\}\}/g, (_, name) =>
    String(values[name] ?? "").replace(/[&<>"]/g, (byte) => escapes[byte]),
  );
}
