"""Username-password flow: blocked in new orgs, and shut to external client apps."""

import os
import sys

import requests

URL = os.environ["SF_URL"]

answer = requests.post(
    f"{URL}/services/oauth2/token",
    data={
        "grant_type": "password",
        "username": os.environ["SF_USERNAME"],
        "password": os.environ["SF_PASSWORD"] + os.environ["SF_SECURITY_TOKEN"],
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
