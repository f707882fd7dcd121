"""A web site of one page. Every visit is a line of visits.log, in the directory that it is started in."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VISITS = "visits.log"


def page(path):
    """The text of a page; None if there is no such page."""
    return {"/": "Hello from Poltergeist\n", "/health": "well\n"}.get(path)


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        text = page(self.path)
        if self.path != "/health":
            with open(VISITS, "a", encoding="utf-8") as visits:
                print("visit", ascii(self.path)[1:-1], file=visits)
        self.send_response(404 if text is None else 200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write((text or "There is no such page.\n").encode())

    def log_message(self, *_):
        pass  # visits.log says it


def serve(port):
    open(VISITS, "a", encoding="utf-8").close()
    ThreadingHTTPServer(("127.0.0.1", port), Site).serve_forever()
