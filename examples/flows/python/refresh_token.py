"""Refresh token flow: a new access token, and another refresh token where the app rotates."""

import os
import sys

import requests

URL = os.environ["SF_URL"]

answer = requests.post(
    f"{URL}/services/oauth2/token",
    data={
        "grant_type": "refresh_token",
        "refresh_token": os.environ["SF_REFRESH_TOKEN"],
        "client_id": os.environ["SF_CLIENT_ID"],
        "client_secret": os.environ["SF_CLIENT_SECRET"],
    },
    timeout=20,
)
grant = answer.json()
if not answer.ok:
    sys.exit(f"{grant['error']}: {grant.get('error_description')}")
# Keep a new refresh token before anything else happens: the old one is dead.
print(f"rotated: {'yes' if 'refresh_token' in grant else 'no'}")
me = requests.get(
    grant["id"], headers={"Authorization": f"Bearer {grant['access_token']}"}, timeout=20
)
print(f"connected as {me.json()['username']}")
