// Token exchange flow: a token of another identity provider becomes one of Salesforce.
const { SF_URL, SF_CLIENT_ID, SF_CLIENT_SECRET, SF_SUBJECT_TOKEN } = process.env;

const answer = await fetch(`${SF_URL}/services/oauth2/token`, {
  method: "POST",
  body: new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token: SF_SUBJECT_TOKEN,
    subject_token_type: "urn:ietf:params:oauth:token-type:JWT",
    client_id: SF_CLIENT_ID,
    client_secret: SF_CLIENT_SECRET,
  }),
});
const grant = await answer.json();
if (!answer.ok) {
  console.error(`${grant.error}: ${grant.error_description}`);
  process.exit(1);
}
const me = await fetch(grant.id, { headers: { Authorization: `Bearer ${grant.access_token}` } });
console.log(`connected as ${(await me.json()).username}`);
