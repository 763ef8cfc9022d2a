"""SAML bearer assertion flow: the same with an assertion of XML."""

import base64
import os
import secrets
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests
from lxml import etree
from signxml import XMLSigner

URL = os.environ["SF_URL"]
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
key = Path(os.environ["SF_KEY_FILE"]).read_text("ascii")
now, stamp = datetime.now(UTC), "%Y-%m-%dT%H:%M:%SZ"
begin, end = now.strftime(stamp), (now + timedelta(minutes=3)).strftime(stamp)
name = f"a{secrets.token_hex(16)}"
assertion = etree.fromstring(f"""\
<saml:Assertion xmlns:saml="{SAML}" ID="{name}" Version="2.0" IssueInstant="{begin}">
<saml:Issuer>{os.environ["SF_CLIENT_ID"]}</saml:Issuer>
<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"/>
<saml:Subject><saml:NameID>{os.environ["SF_USERNAME"]}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
<saml:SubjectConfirmationData NotOnOrAfter="{end}" Recipient="{URL}/services/oauth2/token"/>
</saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotOnOrAfter="{end}"><saml:AudienceRestriction>
<saml:Audience>{URL}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
</saml:Assertion>""")
signer = XMLSigner(c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#")
signed = signer.sign(assertion, key=key, reference_uri=name)

answer = requests.post(
    f"{URL}/services/oauth2/token",
    data={
        "grant_type": "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "assertion": base64.urlsafe_b64encode(etree.tostring(signed)).rstrip(b"=").decode(),
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
