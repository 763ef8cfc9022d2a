"""Client credentials flow: the app acts as the user that its policy names."""

import os
import sys

import requests

URL = os.environ["SF_URL"]

answer = requests.post(
    f"{URL}/services/oauth2/token",
    data={
        "grant_type": "client_credentials",
        "client_id": os.environ["SF_CLIENT_ID"],
        "client_secret": os.environ["SF_CLIENT_SECRET"],
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
