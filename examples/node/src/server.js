// SPDX-License-Identifier: MIT
import { createServer } from "node:http";

import { render } from "./render.js";

const page = "@page@"; // build.js puts src/page.html here
const port = Number(process.argv[2] ?? process.env.PORT ?? 8080);

const server = createServer((request, response) => {
  if (request.url === "/health") {
    response.writeHead(200, { "content-type": "application/json" });
    response.end('{"status":"ok"}\n');
    return;
  }
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  response.end(render(page, { greeting: "Hello from Poltergeist", pid: process.pid }));
});
server.listen(port, "127.0.0.1", () => {
  console.error(`site: http://127.0.0.1:${port}/ (pid ${process.pid})`);
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
