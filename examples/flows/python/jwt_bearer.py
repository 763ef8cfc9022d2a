"""JWT bearer flow: the app signs for a user who was admitted before."""

import os
import sys
import time
from pathlib import Path

import jwt
import requests

URL = os.environ["SF_URL"]
key = Path(os.environ["SF_KEY_FILE"]).read_text("ascii")
claims = {
    "iss": os.environ["SF_CLIENT_ID"],
    "sub": os.environ["SF_USERNAME"],
    "aud": URL,
    "exp": int(time.time()) + 180,
}

answer = requests.post(
    f"{URL}/services/oauth2/token",
    data={
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": jwt.encode(claims, key, algorithm="RS256"),
    },
    timeout=20,
)
grant = answer.json()
if not answer.ok:
    sys.exit(f"{grant['error']}: {grant.get('error_description')}")
me = requests.get(
    grant["id"], headers={"Authorization": f"Bearer {grant['access_token']}"}, timeout=20
)
print(f"connected as {me.json()['username']}")
