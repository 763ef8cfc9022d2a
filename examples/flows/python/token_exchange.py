"""Token exchange flow: a token of another identity provider becomes one of Salesforce."""

import os
import sys

import requests

URL = os.environ["SF_URL"]

answer = requests.post(
    f"{URL}/services/oauth2/token",
    data={
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": os.environ["SF_SUBJECT_TOKEN"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:JWT",
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
