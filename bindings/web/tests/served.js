// A folder of files over HTTP, as a web server gives them.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";

const KINDS = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png", ".wasm": "application/wasm", ".md": "text/plain" };

/** Serves a folder that begins with a file of this name; `asked` gets each request's line. */
export async function served(folder, start = "index.html", asked = []) {
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const { pathname } = new URL(request.url, "http://localhost");
    const name = pathname === "/" ? start : pathname;
    try {
      const body = readFileSync(join(folder, name));
      response.writeHead(200, { "content-type": KINDS[extname(name)] }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { address: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
