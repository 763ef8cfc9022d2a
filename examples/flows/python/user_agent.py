"""User-agent flow: tokens come back after the # of the address; prefer the web server flow."""

import os
import secrets
import sys
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

URL, CALLBACK = os.environ["SF_URL"], os.environ["SF_CALLBACK"]

state = secrets.token_urlsafe(16)
words = {
    "response_type": "token", "client_id": os.environ["SF_CLIENT_ID"], "redirect_uri": CALLBACK,
    "state": state,
}  # fmt: skip
print(f"Open {URL}/services/oauth2/authorize?{urlencode(words)}", flush=True)
print("and paste the address at which the browser ends.", flush=True)
ended = urlsplit(sys.stdin.readline().strip())
grant = dict(parse_qsl(ended.fragment or ended.query))
if grant.get("state") != state:
    sys.exit("that is not an answer to our question")
if "error" in grant:
    sys.exit(f"{grant['error']}: {grant.get('error_description')}")
me = requests.get(
    grant["id"], headers={"Authorization": f"Bearer {grant['access_token']}"}, timeout=20
)
print(f"connected as {me.json()['username']}")
