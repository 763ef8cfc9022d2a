"""Web server flow with PKCE: a person allows the app in the browser, and tokens come back."""

import base64
import hashlib
import os
import secrets
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

URL, CALLBACK = os.environ["SF_URL"], os.environ["SF_CALLBACK"]
CLIENT = {"client_id": os.environ["SF_CLIENT_ID"], "client_secret": os.environ["SF_CLIENT_SECRET"]}
said = {}


class Callback(BaseHTTPRequestHandler):
    """Takes the browser's return in, once."""

    def do_GET(self):
        said.update(parse_qsl(urlsplit(self.path).query))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"You can close this page.")

    def log_message(self, *_):
        """Say nothing: the address holds a code."""


verifier, state = secrets.token_urlsafe(64), secrets.token_urlsafe(16)
digest = hashlib.sha256(verifier.encode()).digest()
challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
words = {
    "response_type": "code", "client_id": CLIENT["client_id"], "redirect_uri": CALLBACK,
    "state": state, "code_challenge": challenge, "code_challenge_method": "S256",
}  # fmt: skip
server = HTTPServer(("127.0.0.1", urlsplit(CALLBACK).port), Callback)
print(f"Open {URL}/services/oauth2/authorize?{urlencode(words)}", flush=True)
server.handle_request()
if said.get("state") != state:
    sys.exit("the callback is not an answer to our question")
if "error" in said:
    sys.exit(f"{said['error']}: {said.get('error_description')}")

answer = requests.post(
    f"{URL}/services/oauth2/token",
    data={
        "grant_type": "authorization_code", "code": said["code"],
        "redirect_uri": CALLBACK, "code_verifier": verifier, **CLIENT,
    },
    timeout=20,
)  # fmt: skip
grant = answer.json()
if not answer.ok:
    sys.exit(f"{grant['error']}: {grant.get('error_description')}")
me = requests.get(
    grant["id"], headers={"Authorization": f"Bearer {grant['access_token']}"}, timeout=20
)
print(f"connected as {me.json()['username']}")
print(f"refresh token: {'yes' if 'refresh_token' in grant else 'no'}")
