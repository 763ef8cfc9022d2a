// Refresh token flow: a new access token, and another refresh token where the app rotates.
const { SF_URL, SF_CLIENT_ID, SF_CLIENT_SECRET, SF_REFRESH_TOKEN } = process.env;

const answer = await fetch(`${SF_URL}/services/oauth2/token`, {
  method: "POST",
  body: new URLSearchParams({
    grant_type: "refresh_token",
    refresh_token: SF_REFRESH_TOKEN,
    client_id: SF_CLIENT_ID,
    client_secret: SF_CLIENT_SECRET,
  }),
});
const grant = await answer.json();
if (!answer.ok) {
  console.error(`${grant.error}: ${grant.error_description}`);
  process.exit(1);
}
// Keep a new refresh token before anything else happens: the old one is dead.
console.log(`rotated: ${grant.refresh_token ? "yes" : "no"}`);
const me = await fetch(grant.id, { headers: { Authorization: `Bearer ${grant.access_token}` } });
console.log(`connected as ${(await me.json()).username}`);
