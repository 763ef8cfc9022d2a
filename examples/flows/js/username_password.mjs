// Username-password flow: blocked in new orgs, and shut to external client apps.
const { SF_URL, SF_CLIENT_ID, SF_CLIENT_SECRET, SF_USERNAME, SF_PASSWORD, SF_SECURITY_TOKEN } = process.env;

const answer = await fetch(`${SF_URL}/services/oauth2/token`, {
  method: "POST",
  body: new URLSearchParams({
    grant_type: "password",
    username: SF_USERNAME,
    password: SF_PASSWORD + SF_SECURITY_TOKEN,
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
