// SPDX-License-Identifier: MIT
// The build: checks every source file, then writes dist/ with the page inlined into the server.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";

for (const file of readdirSync("src").filter((name) => name.endsWith(".js"))) {
  execFileSync(process.execPath, ["--check", `src/${file}`], { stdio: "inherit" });
}

const page = readFileSync("src/page.html", "utf8");
const server = readFileSync("src/server.js", "utf8");
mkdirSync("dist", { recursive: true });
for (const [name, text] of [
  ["render.js", readFileSync("src/render.js", "utf8")],
  ["server.js", server.replace('"@page@"', JSON.stringify(page))],
]) {
  // Beside it and then over it, so that nobody ever reads half a file.
  writeFileSync(`dist/.${name}.new`, text);
  renameSync(`dist/.${name}.new`, `dist/${name}`);
}
console.log(`dist/server.js: ${page.length} characters of page`);
